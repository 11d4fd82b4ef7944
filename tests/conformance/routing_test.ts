/** Which queues a message reaches through each type of exchange (AMQP 0-9-1 section 3.1.3). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ConfirmChannel } from "amqplib";
import { behaviour, type Broker } from "./brokers.ts";
import { channelRefused, drain, ready, send } from "./client.ts";

behaviour("the default exchange routes by queue name", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  channel.publish("", queue, Buffer.from("for me"));
  channel.publish("", `${queue}x`, Buffer.from("for another"));
  assert.deepEqual(await drain(channel, queue), ["for me"]);
});

for (
  const [what, action] of [
    ["bound to", (channel: ConfirmChannel, queue: string) => channel.bindQueue(queue, "", "key")],
    [
      "unbound from",
      (channel: ConfirmChannel, queue: string) => channel.unbindQueue(queue, "", "key"),
    ],
  ] as const
) {
  behaviour(`a queue may not be ${what} the default exchange`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    await channelRefused(channel, 403, () => action(channel, queue));
  });
}

behaviour("a direct exchange routes by the exact key", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, "direct", ["a", "b"]);
  for (const key of ["a", "b", "c", "", "a.b", "A"]) {
    channel.publish(exchange, key, Buffer.from(key));
  }
  assert.deepEqual(await drain(channel, queue), ["a", "b"]);
});

behaviour("a direct exchange gives a copy to every queue bound with the key", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, "direct", ["a"]);
  const second = (await channel.assertQueue("", { exclusive: true })).queue;
  await channel.bindQueue(second, exchange, "a");
  channel.publish(exchange, "a", Buffer.from("x"));
  assert.deepEqual([await drain(channel, queue), await drain(channel, second)], [["x"], ["x"]]);
});

behaviour("a fanout exchange ignores the key", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, "fanout", ["a"]);
  for (const key of ["a", "b", ""]) channel.publish(exchange, key, Buffer.from(key));
  assert.deepEqual(await drain(channel, queue), ["a", "b", ""]);
});

behaviour("a queue bound with several matching keys gets one copy", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, "topic", ["#", "a.*", "*.b", "a.b"]);
  channel.publish(exchange, "a.b", Buffer.from("once"));
  assert.deepEqual(await drain(channel, queue), ["once"]);
});

/** Pattern, keys that it matches, keys that it does not. */
const topics: [pattern: string, matching: string[], other: string[]][] = [
  ["a.b", ["a.b"], ["a", "b", "a.b.c", "a.c", "A.b", ""]],
  ["*", ["a", "b"], ["a.b", ""]],
  ["*.b", ["a.b", ".b"], ["b", "a.b.c", "a.a.b"]],
  ["a.*", ["a.b", "a."], ["a", "a.b.c"]],
  ["a.*.c", ["a.b.c", "a..c"], ["a.c", "a.b.b.c"]],
  ["*.*", ["a.b", "."], ["a", "a.b.c"]],
  ["#", ["", "a", "a.b", "..."], []],
  ["a.#", ["a", "a.b", "a.b.c", "a."], ["b", "b.a", "", "ab"]],
  ["#.c", ["c", "b.c", "a.b.c"], ["c.d", "", "cc"]],
  ["a.#.c", ["a.c", "a.b.c", "a.b.b.c"], ["a", "c", "a.c.d"]],
  ["#.b.#", ["b", "a.b", "b.c", "a.b.c", "a.a.b.c.c"], ["a", "a.c", ""]],
  ["*.#", ["a", "a.b", "a.b.c"], [""]],
  ["#.*", ["a", "a.b"], [""]],
  ["#.#", ["", "a", "a.b"], []],
  ["*.#.*", ["a.b", "a.b.c"], ["a", ""]],
  ["a*", ["a*"], ["ab", "a"]],
  ["a#", ["a#"], ["ab", "a"]],
  ["", [""], ["a", "."]],
];

for (const [pattern, matching, other] of topics) {
  behaviour(`topic pattern '${pattern}' matches ${JSON.stringify(matching)}`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const { exchange, queue } = await bound(broker, channel, "topic", [pattern]);
    for (const key of [...matching, ...other]) channel.publish(exchange, key, Buffer.from(key));
    assert.deepEqual(await drain(channel, queue), matching);
  });
}

behaviour("binding twice alike is one binding", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, "direct", ["a", "a"]);
  channel.publish(exchange, "a", Buffer.from("once"));
  assert.deepEqual(await drain(channel, queue), ["once"]);
  await channel.unbindQueue(queue, exchange, "a");
  channel.publish(exchange, "a", Buffer.from("never"));
  assert.deepEqual(await drain(channel, queue), []);
});

behaviour("an unbound queue gets nothing more", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, "topic", ["a.#", "b"]);
  await channel.unbindQueue(queue, exchange, "a.#");
  for (const key of ["a", "a.b", "b"]) channel.publish(exchange, key, Buffer.from(key));
  assert.deepEqual(await drain(channel, queue), ["b"]);
});

behaviour("unbinding what is not bound is fine", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, "direct", []);
  await channel.unbindQueue(queue, exchange, "never");
});

behaviour("unbinding with other arguments than at bind leaves the binding", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, "direct", ["a"]);
  await channel.unbindQueue(queue, exchange, "a", { other: true });
  channel.publish(exchange, "a", Buffer.from("x"));
  assert.equal(await ready(channel, queue), 1);
});

behaviour("binding to a missing exchange is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const missing = broker.exchangeName();
  await channelRefused(channel, 404, () => channel.bindQueue(queue, missing, "a"));
});

behaviour("binding a missing queue is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const missing = broker.queueName();
  await channelRefused(channel, 404, () => channel.bindQueue(missing, "amq.direct", "a"));
});

behaviour("unbinding a missing queue or from a missing exchange is fine", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.unbindQueue(queue, broker.exchangeName(), "a");
  await channel.unbindQueue(broker.queueName(), "amq.direct", "a");
});

behaviour("a deleted queue declared anew has no bindings", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "fanout", { durable: false });
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  await channel.bindQueue(queue, exchange, "");
  await channel.deleteQueue(queue);
  await channel.assertQueue(queue, { durable: false });
  channel.publish(exchange, "", Buffer.from("x"));
  assert.equal(await ready(channel, queue), 0);
});

behaviour("an empty queue name in bind means the channel's last declared queue", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue("", "amq.direct", queue);
  channel.publish("amq.direct", queue, Buffer.from("x"));
  assert.equal(await ready(channel, queue), 1);
});

behaviour("an empty queue name and key in bind mean the queue's name", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue("", "amq.direct", "");
  channel.publish("amq.direct", queue, Buffer.from("x"));
  assert.equal(await ready(channel, queue), 1);
});

behaviour("one channel's messages keep their order on the way to a queue", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const bodies = Array.from({ length: 200 }, (_, i) => `${i}`);
  send(channel, queue, ...bodies);
  assert.deepEqual(await drain(channel, queue), bodies);
});

/** A new exchange with a new queue bound by each key. */
async function bound(broker: Broker, channel: ConfirmChannel, type: string, keys: string[]) {
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, type, { durable: false });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  for (const key of keys) await channel.bindQueue(queue, exchange, key);
  return { exchange, queue };
}
