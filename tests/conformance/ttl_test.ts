/** Time to live: x-message-ttl, expiration, and which messages they take. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ConfirmChannel, Options } from "amqplib";
import { behaviour, type Broker } from "./brokers.ts";
import { consume, type Deliveries, drain, get, ready, send } from "./client.ts";

behaviour("a queue's time to live takes messages out", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, expired } = await expiring(broker, channel, { messageTtl: 30 });
  send(channel, queue, "a", "b");
  assert.deepEqual(await expired.bodies(2), ["a", "b"]);
  assert.equal(await ready(channel, queue), 0);
});

behaviour("a message's expiration takes it out", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, expired } = await expiring(broker, channel, {});
  channel.sendToQueue(queue, Buffer.from("a"), { expiration: 30 });
  assert.deepEqual(await expired.bodies(1), ["a"]);
  assert.equal(await ready(channel, queue), 0);
});

behaviour("a message without time to live stays", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, expired } = await expiring(broker, channel, {});
  channel.sendToQueue(queue, Buffer.from("goes"), { expiration: 30 });
  send(channel, queue, "stays");
  await expired.take(1);
  assert.deepEqual(await drain(channel, queue), ["stays"]);
});

behaviour("of queue and message the shorter time holds: the message's", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, expired } = await expiring(broker, channel, { messageTtl: 3_600_000 });
  channel.sendToQueue(queue, Buffer.from("a"), { expiration: 30 });
  assert.deepEqual(await expired.bodies(1), ["a"]);
});

behaviour("of queue and message the shorter time holds: the queue's", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, expired } = await expiring(broker, channel, { messageTtl: 30 });
  channel.sendToQueue(queue, Buffer.from("a"), { expiration: 3_600_000 });
  assert.deepEqual(await expired.bodies(1), ["a"]);
});

behaviour(
  "a message behind one that lives longer waits for its turn at the head",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const { queue, expired } = await expiring(broker, channel, {});
    send(channel, queue, "lives");
    channel.sendToQueue(queue, Buffer.from("short"), { expiration: 1 });
    const other = await expiring(broker, channel, {});
    channel.sendToQueue(other.queue, Buffer.from("later"), { expiration: 50 });
    assert.deepEqual(await other.expired.bodies(1), ["later"]); // the short one's time is up by now
    assert.equal(await ready(channel, queue), 2);
    assert.equal((await get(channel, queue)).content.toString(), "lives");
    assert.deepEqual(await expired.bodies(1), ["short"]);
  },
);

behaviour("an expired message behind the head is never delivered", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, expired } = await expiring(broker, channel, {});
  send(channel, queue, "head");
  channel.sendToQueue(queue, Buffer.from("short"), { expiration: 1 });
  send(channel, queue, "tail");
  const other = await expiring(broker, channel, {});
  channel.sendToQueue(other.queue, Buffer.from("later"), { expiration: 50 });
  await other.expired.take(1);
  const deliveries = await consume(channel, queue);
  assert.deepEqual(await deliveries.bodies(2), ["head", "tail"]);
  assert.deepEqual(await expired.bodies(1), ["short"]);
});

behaviour("a time to live of 0 still serves a consumer that waits", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await expiring(broker, channel, { messageTtl: 0 });
  const deliveries = await consume(channel, queue);
  send(channel, queue, "a");
  assert.deepEqual(await deliveries.bodies(1), ["a"]);
});

behaviour("a time to live of 0 takes out what no consumer waits for", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, expired } = await expiring(broker, channel, { messageTtl: 0 });
  send(channel, queue, "a");
  assert.deepEqual(await expired.bodies(1), ["a"]);
  assert.equal(await ready(channel, queue), 0);
});

behaviour("an expiration of 0 takes out what no consumer waits for", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, expired } = await expiring(broker, channel, {});
  channel.sendToQueue(queue, Buffer.from("a"), { expiration: 0 });
  assert.deepEqual(await expired.bodies(1), ["a"]);
});

behaviour("an unacknowledged message does not expire until it is put back", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, expired } = await expiring(broker, channel, { messageTtl: 200 });
  send(channel, queue, "held");
  const held = await get(channel, queue, {});
  const other = await expiring(broker, channel, { messageTtl: 300 });
  send(channel, other.queue, "later");
  await other.expired.take(1); // the held one's time is up by now
  await expired.none();
  channel.nack(held);
  assert.deepEqual(await expired.bodies(1), ["held"]);
});

behaviour("a message without dead-letter exchange just goes when it expires", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, messageTtl: 20 });
  const other = await expiring(broker, channel, { messageTtl: 60 });
  send(channel, queue, "a");
  send(channel, other.queue, "later");
  await other.expired.take(1);
  assert.deepEqual(await drain(channel, queue), []);
});

behaviour("expiration may be a number in a text only", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  channel.sendToQueue(queue, Buffer.from("a"), { expiration: "60000" });
  assert.equal((await get(channel, queue)).properties.expiration, "60000");
});

/** A queue, and what expires in it, seen through a dead-letter queue. */
async function expiring(
  broker: Broker,
  channel: ConfirmChannel,
  options: Options.AssertQueue,
): Promise<{ queue: string; expired: Deliveries }> {
  const dead = (await channel.assertQueue("", { exclusive: true })).queue;
  const queue = broker.queueName();
  await channel.assertQueue(queue, {
    exclusive: true,
    durable: false,
    deadLetterExchange: "",
    deadLetterRoutingKey: dead,
    ...options,
  });
  return { queue, expired: await consume(channel, dead, { noAck: true }) };
}

behaviour("basic.get does not count what has expired behind the message", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const deliveries = await consume(channel, queue);
  send(channel, queue, "a");
  channel.sendToQueue(queue, Buffer.from("b"), { expiration: "0" });
  await deliveries.next();
  const last = await deliveries.next();
  await channel.cancel(deliveries.consumerTag);
  channel.nack(last, true, true);
  const first = await get(channel, queue);
  assert.deepEqual([first.content.toString(), first.fields.messageCount], ["a", 0]);
  assert.equal(await channel.get(queue), false);
});
