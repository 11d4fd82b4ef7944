/** Priority queues (x-max-priority). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ConfirmChannel } from "amqplib";
import { behaviour } from "./brokers.ts";
import { consume, drain, get, ready } from "./client.ts";

behaviour("messages of higher priority come first", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxPriority: 10 });
  await publish(channel, queue, [["low", 1], ["high", 9], ["middle", 5]]);
  assert.deepEqual(await drain(channel, queue), ["high", "middle", "low"]);
});

behaviour("messages of one priority keep their order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxPriority: 10 });
  await publish(channel, queue, [["a", 5], ["x", 1], ["b", 5], ["y", 1], ["c", 5]]);
  assert.deepEqual(await drain(channel, queue), ["a", "b", "c", "x", "y"]);
});

behaviour("no priority is priority 0", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxPriority: 10 });
  await publish(channel, queue, [["none", undefined], ["zero", 0], ["one", 1]]);
  assert.deepEqual(await drain(channel, queue), ["one", "none", "zero"]);
});

behaviour("a priority above the maximum is the maximum", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxPriority: 3 });
  await publish(channel, queue, [["max", 3], ["above", 200], ["low", 2]]);
  assert.deepEqual(await drain(channel, queue), ["max", "above", "low"]);
  await publish(channel, queue, [["above", 200]]);
  assert.equal((await get(channel, queue)).properties.priority, 200);
});

behaviour("a queue without x-max-priority ignores priorities", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await publish(channel, queue, [["first", 0], ["second", 9]]);
  assert.deepEqual(await drain(channel, queue), ["first", "second"]);
});

behaviour("a message put back keeps its place within its priority", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxPriority: 10 });
  await publish(channel, queue, [["a", 5], ["b", 5], ["high", 9]]);
  const high = await get(channel, queue, {});
  const a = await get(channel, queue, {});
  channel.nack(a);
  channel.nack(high);
  assert.deepEqual(await drain(channel, queue), ["high", "a", "b"]);
});

behaviour("a full priority queue drops from its head, the highest priority", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const options = { exclusive: true, maxPriority: 10, maxLength: 2 };
  const { queue } = await channel.assertQueue("", options);
  await publish(channel, queue, [["low", 1], ["high", 9], ["middle", 5]]);
  assert.deepEqual(await drain(channel, queue), ["middle", "low"]);
});

behaviour("counts and purge are over all priorities", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxPriority: 10 });
  await publish(channel, queue, [["low", 1], ["high", 9], ["none", undefined]]);
  assert.equal(await ready(channel, queue), 3);
  assert.equal((await channel.purgeQueue(queue)).messageCount, 3);
});

behaviour("a consumer with room gets a late message of high priority next", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxPriority: 10 });
  await publish(channel, queue, [["a", 1], ["b", 1]]);
  await channel.prefetch(1);
  const deliveries = await consume(channel, queue);
  const first = await deliveries.next();
  await publish(channel, queue, [["late", 9]]);
  channel.ack(first);
  const second = await deliveries.next();
  assert.deepEqual([first, second].map((m) => m.content.toString()), ["a", "late"]);
});

/** Publishes each body with its priority and waits for the confirms. */
async function publish(
  channel: ConfirmChannel,
  queue: string,
  messages: [body: string, priority: number | undefined][],
): Promise<void> {
  for (const [body, priority] of messages) {
    channel.sendToQueue(queue, Buffer.from(body), priority === undefined ? {} : { priority });
  }
  await channel.waitForConfirms();
}
