/** basic.publish: what a message carries, what comes back, and what is refused. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { BASIC_CLASS } from "../support/amqp_methods.ts";
import { encodeHeader, type Fields, Typed } from "../support/amqp_wire.ts";

import { behaviour } from "./brokers.ts";
import { channelRefused, drain, get, ready, send } from "./client.ts";

behaviour("a message keeps its body octet for octet", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const body = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  channel.sendToQueue(queue, body);
  assert(body.equals((await get(channel, queue)).content));
});

behaviour("a body may be a megabyte", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const body = Buffer.alloc(1_048_576, "megabyte ");
  channel.sendToQueue(queue, body);
  assert(body.equals((await get(channel, queue)).content));
});

behaviour("all properties are returned as sent, bit for bit", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  const properties = {
    contentType: "text/plain",
    contentEncoding: "utf-8",
    headers: { text: "é", number: -1, nothing: null, yes: true, list: [1, "two"], inner: { a: 1 } },
    deliveryMode: 1,
    priority: 255,
    correlationId: "correlation",
    replyTo: "somewhere",
    expiration: "60000",
    messageId: "id",
    timestamp: 2n ** 63n + 1n,
    type: "kind",
    userId: new URL(broker.url).username,
    appId: "conformance",
    clusterId: "cluster",
  };
  peer.publish(1, { routingKey: queue }, "x", { properties });
  peer.send(1, "basic.get", { queue, noAck: true });
  assert.deepEqual((await peer.expectContent("basic.get-ok", 1)).properties, properties);
  await peer.close();
});

behaviour("a message without properties has none when it is delivered", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.publish(1, { routingKey: queue }, "x");
  peer.send(1, "basic.get", { queue, noAck: true });
  assert.deepEqual((await peer.expectContent("basic.get-ok", 1)).properties, {});
  await peer.close();
});

const headerValues: [type: string, value: unknown][] = [
  ["t (boolean)", false],
  ["b (signed octet)", new Typed("b", -128)],
  ["B (octet)", new Typed("B", 255)],
  ["s (signed short)", new Typed("s", -32768)],
  ["u (short)", new Typed("u", 65535)],
  ["I (signed long)", new Typed("I", -2147483648)],
  ["i (long)", new Typed("i", 4294967295)],
  ["l (signed long long)", new Typed("l", -(2n ** 63n))],
  ["f (float)", new Typed("f", 1.5)],
  ["d (double)", new Typed("d", 0.1)],
  ["D (decimal)", new Typed("D", [2, 314])],
  ["S (text)", "été"],
  ["A (list)", [1, "two", [true, null], { three: 3 }]],
  ["T (timestamp)", new Date(1_700_000_000_000)],
  ["F (table)", { a: { b: { c: 1 } }, empty: {} }],
  ["V (void)", null],
  ["x (octets)", new Uint8Array([0, 1, 254, 255])],
];

for (const [type, value] of headerValues) {
  behaviour(`a header of type ${type} is kept as sent`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
    const properties: Fields = { headers: { value } };
    peer.publish(1, { routingKey: queue, mandatory: true }, "x", { properties });
    peer.publish(1, { routingKey: "nowhere", mandatory: true }, "x", { properties });
    const sent = await peer.expectContent("basic.return", 1);
    peer.send(1, "basic.get", { queue, noAck: true });
    const got = await peer.expectContent("basic.get-ok", 1);
    assert.equal(got.rawProperties.toString("hex"), rawHeaders(value));
    assert.equal(sent.rawProperties.toString("hex"), rawHeaders(value));
    await peer.close();
  });
}

behaviour("exchange and routing key of the publish are told at delivery", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, "amq.topic", `${queue}.#`);
  channel.publish("amq.topic", `${queue}.key`, Buffer.from("x"));
  const { fields } = await get(channel, queue);
  assert.deepEqual([fields.exchange, fields.routingKey], ["amq.topic", `${queue}.key`]);
});

behaviour("a mandatory message that no queue takes comes back with 312", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const properties = { messageId: "lost", headers: { a: 1 } };
  const to = { exchange: "amq.direct", routingKey: "nowhere", mandatory: true };
  peer.publish(1, to, "body", { properties });
  const returned = await peer.expectContent("basic.return", 1);
  assert.deepEqual(returned.method, {
    replyCode: 312,
    replyText: "NO_ROUTE",
    exchange: "amq.direct",
    routingKey: "nowhere",
  });
  assert.deepEqual(returned.properties, properties);
  assert.equal(returned.body.toString(), "body");
  await peer.close();
});

behaviour("a message that no queue takes is dropped when it is not mandatory", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.publish(1, { exchange: "amq.direct", routingKey: "nowhere" }, "x");
  await peer.call(1, "basic.qos");
  await peer.close();
});

behaviour("a mandatory message that a queue takes does not come back", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.publish(1, { routingKey: queue, mandatory: true }, "x");
  await peer.call(1, "basic.qos");
  await peer.close();
});

behaviour("an immediate publish is connection error 540", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.publish(1, { routingKey: "nowhere", immediate: true }, "x");
  await peer.expectConnectionClose(540);
});

behaviour("a user-id other than the login is refused with 406", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const userId = "somebody";
  await channelRefused(channel, 406, () => channel.publish("", "x", Buffer.from("x"), { userId }));
});

for (const expiration of ["abc", "", "1.5", "-1", "10s", "315360000001"]) {
  behaviour(`expiration '${expiration}' is refused with 406`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    peer.publish(1, { routingKey: "nowhere" }, "x", { properties: { expiration } });
    await peer.expectChannelClose(1, 406);
    await peer.close();
  });
}

for (const deliveryMode of [0, 3]) {
  behaviour(
    `delivery mode ${deliveryMode} is refused with 406, since 4.0 taken`,
    async (broker) => {
      await using peer = await broker.peer();
      await peer.openChannel(1);
      const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
      peer.publish(1, { routingKey: queue }, "x", { properties: { deliveryMode } });
      if (broker.release === "3.10") {
        await peer.expectChannelClose(1, 406);
      } else {
        peer.send(1, "basic.get", { queue, noAck: true });
        const { properties } = await peer.expectContent("basic.get-ok", 1);
        assert.equal(properties.deliveryMode, deliveryMode);
      }
      await peer.close();
    },
  );
}

behaviour("CC headers add routing keys", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queues = [];
  for (let i = 0; i < 3; i++) {
    queues.push((await channel.assertQueue("", { exclusive: true })).queue);
  }
  const [to, cc1, cc2] = queues as [string, string, string];
  channel.publish("", to, Buffer.from("x"), { CC: [cc1, cc2] });
  for (const queue of queues) {
    const { fields, properties } = await get(channel, queue);
    assert.equal(fields.routingKey, to);
    assert.deepEqual(properties.headers?.CC, [cc1, cc2]);
  }
});

behaviour("BCC headers add routing keys and are taken off", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const to = (await channel.assertQueue("", { exclusive: true })).queue;
  const bcc = (await channel.assertQueue("", { exclusive: true })).queue;
  channel.publish("", to, Buffer.from("x"), { BCC: [bcc], headers: { other: 1 } });
  for (const queue of [to, bcc]) {
    assert.deepEqual((await get(channel, queue)).properties.headers, { other: 1 });
  }
});

behaviour("a queue named in key and CC gets one copy", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  channel.publish("", queue, Buffer.from("x"), { CC: [queue], BCC: [queue] });
  assert.deepEqual(await drain(channel, queue), ["x"]);
});

for (const header of ["CC", "BCC"]) {
  behaviour(`a ${header} header that is no list is refused with 406`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const properties = { headers: { [header]: "key" } };
    peer.publish(1, { routingKey: "nowhere" }, "x", { properties });
    await peer.expectChannelClose(1, 406);
    await peer.close();
  });
}

behaviour("a body of more than 128 MiB is refused with 406", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const body = Buffer.alloc(128 * 1_048_576 + 1);
  peer.publish(1, { routingKey: "nowhere" }, body, { bodyFrameBytes: 131064 });
  await peer.expectChannelClose(1, 406);
  await peer.close();
});

behaviour("messages published before a channel error are kept", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "kept");
  await channelRefused(channel, 404, () => channel.checkQueue(broker.queueName()));
  assert.equal(await ready(await client.channel(), queue), 1);
});

/** Flags and headers of a message whose one header is `value`, as hexadecimal digits. */
function rawHeaders(value: unknown): string {
  return encodeHeader(BASIC_CLASS, 0, { headers: { value } }).subarray(12).toString("hex");
}
