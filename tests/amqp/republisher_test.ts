/**
 * A message's way to another queue: what the copy is, and what the republisher says when it fails.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  ChannelClosed,
  ConnectionLost,
  DeadlineExceeded,
  MessageNacked,
  MessageReturned,
  UnencodableMessage,
} from "../../src/amqp/errors.ts";
import { attemptsMade } from "../../src/retry/attempts.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { WorkQueue } from "../support/work_queue.ts";

async function target(broker: Broker, options = {}): Promise<string> {
  const name = broker.queue();
  await broker.declareQueue(name, options);
  return name;
}

const HEADERS = {
  text: "ä \u0000 \u{1F600}",
  long: 2 ** 40,
  negative: -70_000,
  fraction: 1.5,
  yes: true,
  nothing: null,
  bytes: Buffer.from([0, 0xff]),
  list: ["a", 1, ["b"], { c: "d" }],
  table: { deep: { deeper: "x" } },
  at: { "!": "timestamp", value: 1_700_000_000 },
  price: { "!": "decimal", value: { places: 2, digits: 199 } },
  huge: { "!": "double", value: 1e300 },
};

brokerTest("a moved message keeps its body, all properties and all headers", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker);
  const body = Uint8Array.from({ length: 300_000 }, (_, n) => n * 7);
  const properties = {
    contentType: "application/x",
    contentEncoding: "gzip",
    deliveryMode: 2,
    priority: 7,
    correlationId: "c",
    replyTo: "answers",
    messageId: "m",
    timestamp: 1_700_000_000,
    type: "t",
    userId: "guest",
    appId: "a",
  };
  await work.publish(body, { ...properties, headers: HEADERS });
  const original = await work.receive();
  await work.republisher.republish(original, to);
  const copy = await work.receive(to);
  assert.deepEqual(Buffer.from(copy.body), Buffer.from(body));
  const { headers, ...others } = copy.properties;
  assert.deepEqual(
    Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)),
    properties,
  );
  assert.deepEqual({ ...headers }, {
    ...original.properties.headers,
    "x-worktool-exchange": "",
    "x-worktool-routing-key": work.name,
  });
  assert.equal(headers!.huge, 1e300);
});

brokerTest("a message without any property has only the marks of its move", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker);
  await work.publish("");
  await work.republisher.republish(await work.receive(), to);
  const { body, properties } = await work.receive(to);
  assert.equal(body.byteLength, 0);
  const set = Object.entries(properties).filter(([, value]) => value !== undefined);
  assert.deepEqual(set.map(([name]) => name), ["headers"]);
});

brokerTest("a header with the client's own mark for types is moved as it is", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker);
  // What another client may send as a table with the key "!".
  const table = Object.create({ "!": "x", value: 1 });
  await work.publish("x", { headers: { table, list: [table] } });
  await work.republisher.republish(await work.receive(), to);
  const { headers } = (await work.receive(to)).properties;
  assert.deepEqual(headers!.table, { "!": "x", value: 1 });
  assert.deepEqual(headers!.list, [{ "!": "x", value: 1 }]);
});

brokerTest("where a message came from is written down once", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const [first, second] = [await target(broker), await target(broker)];
  await work.channel.raw.bindQueue(work.name, "amq.direct", `key of ${work.name}`);
  await work.publish("x", {}, ["amq.direct", `key of ${work.name}`]);
  await work.republisher.republish(await work.receive(), first);
  await work.republisher.republish(await work.receive(first), second);
  const { headers } = (await work.receive(second)).properties;
  assert.equal(headers!["x-worktool-exchange"], "amq.direct");
  assert.equal(headers!["x-worktool-routing-key"], `key of ${work.name}`);
});

brokerTest("an expiration does not go along, unless to the same queue", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker);
  await work.publish("x", { expiration: "600000" });
  await work.republisher.republish(await work.receive(), work.name);
  const again = await work.receive();
  assert.equal(again.properties.expiration, "600000");
  assert.equal(again.properties.headers!["x-worktool-expiration"], undefined);
  await work.republisher.republish(again, to);
  const { expiration, headers } = (await work.receive(to)).properties;
  assert.equal(expiration, undefined);
  assert.equal(headers!["x-worktool-expiration"], "600000");
});

brokerTest("the user-id of somebody else becomes a header", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker);
  await work.publish("x", { userId: "guest" });
  const { userId, ...properties } = (await work.receive()).properties;
  assert.equal(userId, "guest");
  const from = { body: Buffer.from("x"), deliveryTag: 1, redelivered: false, exchange: "" };
  // As an operator's import would deliver it: another user's message.
  await work.republisher.republish({
    ...from,
    routingKey: "k",
    properties: { ...properties, userId: "other" },
  }, to);
  const copy = await work.receive(to);
  assert.equal(copy.properties.userId, undefined);
  assert.equal(copy.properties.headers!["x-worktool-user-id"], "other");
});

brokerTest("carbon copies are not routed again", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const [to, copies] = [await target(broker), await target(broker)];
  await work.publish("x", { CC: [copies] });
  assert.equal((await broker.depth(copies)).ready, 1);
  await work.republisher.republish(await work.receive(), to);
  const { headers } = (await work.receive(to)).properties;
  assert.deepEqual(headers!["x-worktool-cc"], [copies]);
  assert.equal(headers!.CC, undefined);
  assert.equal((await broker.depth(copies)).ready, 1);
});

brokerTest("headers are changed as told, and the broker's count is dropped", async (broker) => {
  await using work = await WorkQueue.open(broker, { arguments: { "x-queue-type": "quorum" } });
  const to = await target(broker);
  await work.publish("x", { headers: { old: "1", kept: "2" } });
  work.requeue(await work.receive());
  const again = await work.receive();
  assert.equal(attemptsMade(again), 1);
  await work.republisher.republish(again, to, { old: undefined, new: "3" });
  const copy = await work.receive(to);
  assert.deepEqual({ ...copy.properties.headers }, {
    kept: "2",
    new: "3",
    "x-worktool-exchange": "",
    "x-worktool-routing-key": work.name,
  });
});

brokerTest("many messages move at the same time and keep their order", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker);
  const bodies = Array.from({ length: 200 }, (_, n) => `${n}`);
  for (const body of bodies) await work.publish(body);
  const originals = [];
  for (const _ of bodies) originals.push(await work.receive());
  await Promise.all(originals.map((original) => work.republisher.republish(original, to)));
  assert.deepEqual(await broker.takeBodies(to), bodies);
  assert.equal((await broker.depth(work.name)).ready, 0); // the originals are the caller's affair
});

brokerTest(
  "a move to a queue that is not there is rejected, the others are not",
  async (broker) => {
    await using work = await WorkQueue.open(broker);
    const [to, missing] = [await target(broker), broker.queue()];
    await work.publish("x");
    const original = await work.receive();
    const moves = [missing, to, missing, to].map((queue) =>
      work.republisher.republish(original, queue)
    );
    const outcomes = await Promise.allSettled(moves);
    assert.deepEqual(outcomes.map(({ status }) => status), [
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    const { reason } = outcomes[0] as PromiseRejectedResult;
    assert.ok(reason instanceof MessageReturned);
    assert.deepEqual([reason.queue, reason.reply!.replyCode], [missing, 312]);
    assert.equal((await broker.depth(to)).ready, 2);
  },
);

brokerTest("a move to a full queue is rejected", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker, {
    arguments: { "x-max-length": 1, "x-overflow": "reject-publish" },
  });
  await work.publish("x");
  const original = await work.receive();
  await work.republisher.republish(original, to);
  await assert.rejects(work.republisher.republish(original, to), MessageNacked);
  assert.deepEqual(await broker.takeBodies(to), ["x"]);
  await work.republisher.republish(original, to); // there is room again
  assert.deepEqual(await broker.takeBodies(to), ["x"]);
});

brokerTest("after the broker closed its channel a republisher opens another", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker);
  await work.publish("x");
  const original = await work.receive();
  const republisher = work.republisherWith({ username: "somebody else" });
  const forged = { ...original, properties: { userId: "somebody else" } };
  const [refused, innocent] = await Promise.allSettled([
    republisher.republish(forged, to),
    republisher.republish(original, to),
  ]);
  const { reason } = refused as PromiseRejectedResult;
  assert.ok(reason instanceof ChannelClosed);
  assert.equal(reason.reply!.replyCode, 406);
  assert.equal(innocent.status, "rejected");
  await republisher.republish(original, to);
  assert.deepEqual(await broker.takeBodies(to), ["x"]);
});

brokerTest("what cannot be encoded is rejected and harms nothing", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker);
  await work.publish("x");
  const original = await work.receive();
  await assert.rejects(
    work.republisher.republish(original, to, { large: "x".repeat(70_000) }),
    UnencodableMessage,
  );
  await work.republisher.republish(original, to);
  assert.deepEqual(await broker.takeBodies(to), ["x"]);
});

brokerTest("a confirm that does not come in time is an error", async (broker) => {
  await using work = await WorkQueue.open(broker);
  await work.publish("x");
  const original = await work.receive();
  await using republisher = work.republisherWith({ confirmTimeoutMs: 0 });
  const body = new Uint8Array(8_000_000); // takes the broker longer than a turn of the event loop
  await assert.rejects(
    republisher.republish({ ...original, body }, await target(broker)),
    (error) => error instanceof DeadlineExceeded && error.awaited === "publisher confirm",
  );
});

brokerTest("moves end with their connection, and are rejected after it", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const to = await target(broker);
  await work.publish("x");
  const original = await work.receive();
  await work.republisher.republish(original, to);
  await work.connection.close();
  await assert.rejects(work.republisher.republish(original, to), ConnectionLost);
});
