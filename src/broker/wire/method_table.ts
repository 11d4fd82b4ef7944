/**
 * The methods of AMQP 0-9-1 and of RabbitMQ's extensions, field by field.
 *
 * Source: amqp0-9-1.stripped.extended.xml (Debian package amqp-specs). Domains are resolved to
 * their elementary types; `reserved*` fields are sent as zero and ignored when read.
 */
export const METHOD_TABLE = {
  "connection.start": {
    classId: 10,
    methodId: 10,
    fields: {
      versionMajor: "octet",
      versionMinor: "octet",
      serverProperties: "table",
      mechanisms: "longstr",
      locales: "longstr",
    },
  },
  "connection.start-ok": {
    classId: 10,
    methodId: 11,
    fields: {
      clientProperties: "table",
      mechanism: "shortstr",
      response: "longstr",
      locale: "shortstr",
    },
  },
  "connection.secure": { classId: 10, methodId: 20, fields: { challenge: "longstr" } },
  "connection.secure-ok": { classId: 10, methodId: 21, fields: { response: "longstr" } },
  "connection.tune": {
    classId: 10,
    methodId: 30,
    fields: { channelMax: "short", frameMax: "long", heartbeat: "short" },
  },
  "connection.tune-ok": {
    classId: 10,
    methodId: 31,
    fields: { channelMax: "short", frameMax: "long", heartbeat: "short" },
  },
  "connection.open": {
    classId: 10,
    methodId: 40,
    fields: { virtualHost: "shortstr", reserved1: "shortstr", reserved2: "bit" },
  },
  "connection.open-ok": { classId: 10, methodId: 41, fields: { reserved1: "shortstr" } },
  "connection.close": {
    classId: 10,
    methodId: 50,
    fields: { replyCode: "short", replyText: "shortstr", classId: "short", methodId: "short" },
  },
  "connection.close-ok": { classId: 10, methodId: 51, fields: {} },
  "connection.blocked": { classId: 10, methodId: 60, fields: { reason: "shortstr" } },
  "connection.unblocked": { classId: 10, methodId: 61, fields: {} },
  "connection.update-secret": {
    classId: 10,
    methodId: 70,
    fields: { newSecret: "longstr", reason: "shortstr" },
  },
  "connection.update-secret-ok": { classId: 10, methodId: 71, fields: {} },

  "channel.open": { classId: 20, methodId: 10, fields: { reserved1: "shortstr" } },
  "channel.open-ok": { classId: 20, methodId: 11, fields: { reserved1: "longstr" } },
  "channel.flow": { classId: 20, methodId: 20, fields: { active: "bit" } },
  "channel.flow-ok": { classId: 20, methodId: 21, fields: { active: "bit" } },
  "channel.close": {
    classId: 20,
    methodId: 40,
    fields: { replyCode: "short", replyText: "shortstr", classId: "short", methodId: "short" },
  },
  "channel.close-ok": { classId: 20, methodId: 41, fields: {} },

  // Dropped from 0-9-1, still sent by old clients; the fields are of AMQP 0-9.
  "access.request": {
    classId: 30,
    methodId: 10,
    fields: {
      realm: "shortstr",
      exclusive: "bit",
      passive: "bit",
      active: "bit",
      write: "bit",
      read: "bit",
    },
  },
  "access.request-ok": { classId: 30, methodId: 11, fields: { ticket: "short" } },

  "exchange.declare": {
    classId: 40,
    methodId: 10,
    fields: {
      reserved1: "short",
      exchange: "shortstr",
      type: "shortstr",
      passive: "bit",
      durable: "bit",
      autoDelete: "bit",
      internal: "bit",
      noWait: "bit",
      arguments: "table",
    },
  },
  "exchange.declare-ok": { classId: 40, methodId: 11, fields: {} },
  "exchange.delete": {
    classId: 40,
    methodId: 20,
    fields: { reserved1: "short", exchange: "shortstr", ifUnused: "bit", noWait: "bit" },
  },
  "exchange.delete-ok": { classId: 40, methodId: 21, fields: {} },
  "exchange.bind": {
    classId: 40,
    methodId: 30,
    fields: {
      reserved1: "short",
      destination: "shortstr",
      source: "shortstr",
      routingKey: "shortstr",
      noWait: "bit",
      arguments: "table",
    },
  },
  "exchange.bind-ok": { classId: 40, methodId: 31, fields: {} },
  "exchange.unbind": {
    classId: 40,
    methodId: 40,
    fields: {
      reserved1: "short",
      destination: "shortstr",
      source: "shortstr",
      routingKey: "shortstr",
      noWait: "bit",
      arguments: "table",
    },
  },
  "exchange.unbind-ok": { classId: 40, methodId: 51, fields: {} },

  "queue.declare": {
    classId: 50,
    methodId: 10,
    fields: {
      reserved1: "short",
      queue: "shortstr",
      passive: "bit",
      durable: "bit",
      exclusive: "bit",
      autoDelete: "bit",
      noWait: "bit",
      arguments: "table",
    },
  },
  "queue.declare-ok": {
    classId: 50,
    methodId: 11,
    fields: { queue: "shortstr", messageCount: "long", consumerCount: "long" },
  },
  "queue.bind": {
    classId: 50,
    methodId: 20,
    fields: {
      reserved1: "short",
      queue: "shortstr",
      exchange: "shortstr",
      routingKey: "shortstr",
      noWait: "bit",
      arguments: "table",
    },
  },
  "queue.bind-ok": { classId: 50, methodId: 21, fields: {} },
  "queue.purge": {
    classId: 50,
    methodId: 30,
    fields: { reserved1: "short", queue: "shortstr", noWait: "bit" },
  },
  "queue.purge-ok": { classId: 50, methodId: 31, fields: { messageCount: "long" } },
  "queue.delete": {
    classId: 50,
    methodId: 40,
    fields: {
      reserved1: "short",
      queue: "shortstr",
      ifUnused: "bit",
      ifEmpty: "bit",
      noWait: "bit",
    },
  },
  "queue.delete-ok": { classId: 50, methodId: 41, fields: { messageCount: "long" } },
  "queue.unbind": {
    classId: 50,
    methodId: 50,
    fields: {
      reserved1: "short",
      queue: "shortstr",
      exchange: "shortstr",
      routingKey: "shortstr",
      arguments: "table",
    },
  },
  "queue.unbind-ok": { classId: 50, methodId: 51, fields: {} },

  "basic.qos": {
    classId: 60,
    methodId: 10,
    fields: { prefetchSize: "long", prefetchCount: "short", global: "bit" },
  },
  "basic.qos-ok": { classId: 60, methodId: 11, fields: {} },
  "basic.consume": {
    classId: 60,
    methodId: 20,
    fields: {
      reserved1: "short",
      queue: "shortstr",
      consumerTag: "shortstr",
      noLocal: "bit",
      noAck: "bit",
      exclusive: "bit",
      noWait: "bit",
      arguments: "table",
    },
  },
  "basic.consume-ok": { classId: 60, methodId: 21, fields: { consumerTag: "shortstr" } },
  "basic.cancel": {
    classId: 60,
    methodId: 30,
    fields: { consumerTag: "shortstr", noWait: "bit" },
  },
  "basic.cancel-ok": { classId: 60, methodId: 31, fields: { consumerTag: "shortstr" } },
  "basic.publish": {
    classId: 60,
    methodId: 40,
    fields: {
      reserved1: "short",
      exchange: "shortstr",
      routingKey: "shortstr",
      mandatory: "bit",
      immediate: "bit",
    },
  },
  "basic.return": {
    classId: 60,
    methodId: 50,
    fields: {
      replyCode: "short",
      replyText: "shortstr",
      exchange: "shortstr",
      routingKey: "shortstr",
    },
  },
  "basic.deliver": {
    classId: 60,
    methodId: 60,
    fields: {
      consumerTag: "shortstr",
      deliveryTag: "longlong",
      redelivered: "bit",
      exchange: "shortstr",
      routingKey: "shortstr",
    },
  },
  "basic.get": {
    classId: 60,
    methodId: 70,
    fields: { reserved1: "short", queue: "shortstr", noAck: "bit" },
  },
  "basic.get-ok": {
    classId: 60,
    methodId: 71,
    fields: {
      deliveryTag: "longlong",
      redelivered: "bit",
      exchange: "shortstr",
      routingKey: "shortstr",
      messageCount: "long",
    },
  },
  "basic.get-empty": { classId: 60, methodId: 72, fields: { reserved1: "shortstr" } },
  "basic.ack": {
    classId: 60,
    methodId: 80,
    fields: { deliveryTag: "longlong", multiple: "bit" },
  },
  "basic.reject": {
    classId: 60,
    methodId: 90,
    fields: { deliveryTag: "longlong", requeue: "bit" },
  },
  "basic.recover-async": { classId: 60, methodId: 100, fields: { requeue: "bit" } },
  "basic.recover": { classId: 60, methodId: 110, fields: { requeue: "bit" } },
  "basic.recover-ok": { classId: 60, methodId: 111, fields: {} },
  "basic.nack": {
    classId: 60,
    methodId: 120,
    fields: { deliveryTag: "longlong", multiple: "bit", requeue: "bit" },
  },

  "confirm.select": { classId: 85, methodId: 10, fields: { noWait: "bit" } },
  "confirm.select-ok": { classId: 85, methodId: 11, fields: {} },

  "tx.select": { classId: 90, methodId: 10, fields: {} },
  "tx.select-ok": { classId: 90, methodId: 11, fields: {} },
  "tx.commit": { classId: 90, methodId: 20, fields: {} },
  "tx.commit-ok": { classId: 90, methodId: 21, fields: {} },
  "tx.rollback": { classId: 90, methodId: 30, fields: {} },
  "tx.rollback-ok": { classId: 90, methodId: 31, fields: {} },
} as const;
