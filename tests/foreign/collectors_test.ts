/** What programs that watch RabbitMQ ask its management API, and which fields they read. */
// deno-lint-ignore-file camelcase -- the names of JSON
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect } from "amqplib";
import { brokerList, RELEASES } from "../support/broker_list.ts";
import { eventually } from "../support/deadline.ts";
import {
  type AskedBroker,
  askedRabbitMq,
  askedWorktool,
  requestManagement,
} from "../support/management.ts";

type Kind = "string" | "number" | "boolean" | "object";

/** A request, and what is read of the object, or of the first one of a list or a page. */
interface Asked {
  readonly path: string;
  readonly fields: Readonly<Record<string, Kind>>;
}

const COUNTS: Asked["fields"] = {
  messages: "number",
  messages_ready: "number",
  messages_unacknowledged: "number",
};
const STATS: Asked["fields"] = {
  "message_stats.publish": "number",
  "message_stats.publish_details.rate": "number",
  "message_stats.ack": "number",
  "message_stats.ack_details.rate": "number",
  "message_stats.deliver_get": "number",
  "message_stats.deliver_get_details.rate": "number",
};

/** Telegraf's input plug-in `rabbitmq`; NODE is the node's name. */
const TELEGRAF: readonly Asked[] = [
  {
    path: "overview",
    fields: {
      cluster_name: "string",
      "object_totals.channels": "number",
      "object_totals.connections": "number",
      "object_totals.consumers": "number",
      "object_totals.exchanges": "number",
      "object_totals.queues": "number",
      "queue_totals.messages": "number",
      "queue_totals.messages_ready": "number",
      "queue_totals.messages_unacknowledged": "number",
      "listeners.0.protocol": "string",
      ...STATS,
    },
  },
  {
    path: "nodes",
    fields: {
      name: "string",
      running: "boolean",
      mem_alarm: "boolean",
      mem_limit: "number",
      mem_used: "number",
      uptime: "number",
    },
  },
  {
    path: "nodes/NODE/memory",
    fields: { "memory.binary": "number", "memory.total.rss": "number" },
  },
  {
    path: "queues",
    fields: {
      name: "string",
      vhost: "string",
      node: "string",
      durable: "boolean",
      auto_delete: "boolean",
      consumers: "number",
      memory: "number",
      message_bytes: "number",
      message_bytes_ready: "number",
      message_bytes_unacknowledged: "number",
      "messages_details.rate": "number",
      "messages_ready_details.rate": "number",
      "messages_unacknowledged_details.rate": "number",
      ...COUNTS,
      ...STATS,
    },
  },
  {
    path: "exchanges",
    fields: {
      name: "string",
      vhost: "string",
      type: "string",
      internal: "boolean",
      durable: "boolean",
      auto_delete: "boolean",
    },
  },
];

/** The scaler `rabbitmq` of KEDA, by name and by pattern. */
const KEDA = [
  "queues/%2F/watched",
  "queues/%2F?page=1&use_regex=true&pagination=false&name=%5Ewatch&page_size=100",
].map((path): Asked => ({
  path,
  fields: {
    name: "string",
    messages: "number",
    messages_unacknowledged: "number",
    "message_stats.publish_details.rate": "number",
  },
}));

const FLOWER: Asked = {
  path: "queues/%2F",
  fields: { name: "string", consumers: "number", ...COUNTS },
};

/** Every health check that is told by its status, and what it is. */
const HEALTH: readonly (readonly [path: string, status: number])[] = [
  ["health/checks/alarms", 200],
  ["health/checks/local-alarms", 200],
  ["health/checks/virtual-hosts", 200],
  ["health/checks/certificate-expiration/1/weeks", 200],
  ["health/checks/certificate-expiration/1/fortnights", 400],
  ["health/checks/port-listener/AMQP", 200],
  ["health/checks/port-listener/1", 503],
  ["health/checks/port-listener/abc", 400],
  ["health/checks/protocol-listener/amqp", 200],
  ["health/checks/protocol-listener/amqp091", 200],
  ["health/checks/protocol-listener/mqtt", 503],
  ["health/checks/node-is-quorum-critical", 200],
  ["health/checks/no-such-check", 404],
  ["healthchecks/node", 200],
  ["aliveness-test/%2F", 200],
  ["aliveness-test/nowhere", 404],
  ["federation-links", 404], // where its plug-in is not enabled
];

/** These are RabbitMQ's of some releases. */
const HEALTH_OF_SOME = [
  "health/checks/node-is-mirror-sync-critical",
  "health/checks/ready-to-serve-clients",
  "health/checks/is-in-service",
  "health/checks/below-node-connection-limit",
];

function valueAt(object: unknown, path: string): unknown {
  return path.split(".").reduce(
    // deno-lint-ignore no-explicit-any -- JSON
    (value, name) => (value as any)?.[name],
    object,
  );
}

/** What is not as it is read, of one request. */
async function problems(broker: AskedBroker, { path, fields }: Asked): Promise<string[]> {
  const { body: nodes } = await requestManagement(broker, ["GET", "nodes"]);
  const asked = path.replace("NODE", nodes?.[0]?.name);
  const { status, body } = await requestManagement(broker, ["GET", asked]);
  if (status !== 200) return [`${path}: ${status}`]; // as of a queue that was made a moment ago
  const list = Array.isArray(body) ? body : body.items ?? [body];
  return Object.entries(fields)
    .map(([field, kind]) => [field, kind, typeof valueAt(list[0], field)] as const)
    .filter(([, kind, found]) => found !== kind)
    .map(([field, kind, found]) => `${path}: ${field} is ${found}, not ${kind}`);
}

/** A queue whose tasks were published, delivered and acknowledged, but for one. */
async function withTraffic(broker: AskedBroker, use: () => Promise<void>): Promise<void> {
  const connection = await connect(broker.url);
  const channel = await connection.createChannel();
  await channel.assertQueue("watched");
  await channel.consume("watched", (message) => {
    if (message && message.content.toString() !== "kept") channel.ack(message);
  });
  for (const body of ["done", "done", "kept"]) channel.sendToQueue("watched", Buffer.from(body));
  try {
    await use();
  } finally {
    await connection.close();
  }
}

async function checkAll(broker: AskedBroker): Promise<void> {
  await withTraffic(broker, async () => {
    for (const asked of [...TELEGRAF, ...KEDA, FLOWER]) {
      let wrong: readonly string[] = [];
      // Statistics come some time after what they tell of.
      await eventually(
        () => wrong.join("\n"),
        async () => (wrong = await problems(broker, asked)).length === 0,
      );
    }
  });
  const port = new URL(broker.url).port;
  for (const [path, expected] of HEALTH) {
    const asked = path.replace("AMQP", port);
    let status = 0;
    // A node answers before it counts all of its listeners.
    await eventually(() => `${path} to be ${expected}, not ${status}`, async () => {
      ({ status } = await requestManagement(broker, ["GET", asked]));
      return status === expected;
    });
  }
}

for (const like of RELEASES) {
  Deno.test(`Telegraf, KEDA and Flower find what they read [embedded, like ${like}]`, async () => {
    await using broker = await askedWorktool("--like", like);
    await checkAll(broker);
  });
}

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`Telegraf, KEDA and Flower find what they read [${name}]`, async () => {
    await using theirs = await askedRabbitMq(scripts);
    await checkAll(theirs);
    const like = RELEASES.find((release) => name.includes(release)) ?? "4.3";
    await using own = await askedWorktool("--like", like);
    for (const path of [...HEALTH_OF_SOME, "health/checks/protocol-listener/amqp"]) {
      const [ours, rabbit] = await Promise.all(
        [own, theirs].map((broker) => requestManagement(broker, ["GET", path])),
      );
      assert.equal(ours!.status, rabbit!.status, path);
      assert.deepEqual(Object.keys(ours!.body).sort(), Object.keys(rabbit!.body).sort(), path);
    }
  });
}
