/** Exclusive, auto-delete and expiring queues: who may use them, and when they go. */
import assert from "node:assert/strict";
import type { ConfirmChannel } from "amqplib";
import { eventually } from "../support/deadline.ts";
import { behaviour, type Broker } from "./brokers.ts";
import { channelRefused, confirmed, consume, ready, send } from "./client.ts";

/** What another connection may not do with an exclusive queue. */
const uses: [string, (channel: ConfirmChannel, queue: string) => unknown][] = [
  ["declared", (channel, queue) => channel.assertQueue(queue, { exclusive: true, durable: false })],
  ["checked", (channel, queue) => channel.checkQueue(queue)],
  ["bound", (channel, queue) => channel.bindQueue(queue, "amq.direct", "a")],
  ["consumed", (channel, queue) => channel.consume(queue, () => {})],
  ["got from", (channel, queue) => channel.get(queue)],
  ["purged", (channel, queue) => channel.purgeQueue(queue)],
  ["deleted", (channel, queue) => channel.deleteQueue(queue)],
];

for (const [what, use] of uses) {
  behaviour(`an exclusive queue may not be ${what} by another connection: 405`, async (broker) => {
    await using owner = await broker.connect();
    const queue = broker.queueName();
    await (await owner.channel()).assertQueue(queue, { exclusive: true, durable: false });
    await using other = await broker.connect();
    const channel = await other.channel();
    await channelRefused(channel, 405, () => use(channel, queue));
  });
}

behaviour("another connection may not unbind an exclusive queue: 405", async (broker) => {
  await using owner = await broker.connect();
  const channel = await owner.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, "amq.direct", queue);
  await using other = await broker.connect();
  const elsewhere = await other.channel();
  await elsewhere.unbindQueue(queue, "amq.direct", "what is not bound");
  await channelRefused(elsewhere, 405, () => elsewhere.unbindQueue(queue, "amq.direct", queue));
  await confirmed(channel, { exchange: "amq.direct", routingKey: queue });
  assert.equal(await ready(channel, queue), 1);
});

behaviour("another connection may publish to an exclusive queue", async (broker) => {
  await using owner = await broker.connect();
  const channel = await owner.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const deliveries = await consume(channel, queue, { noAck: true });
  await using other = await broker.connect();
  send(await other.channel(), queue, "hello");
  assert.deepEqual(await deliveries.bodies(1), ["hello"]);
});

behaviour("every channel of its connection may use an exclusive queue", async (broker) => {
  await using client = await broker.connect();
  const { queue } = await (await client.channel()).assertQueue("", { exclusive: true });
  const second = await client.channel();
  send(second, queue, "x");
  assert.equal(await ready(second, queue), 1);
});

behaviour("an exclusive queue is not redeclared as another kind: 405", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { exclusive: true, durable: false });
  await channelRefused(channel, 405, () => channel.assertQueue(queue, { durable: false }));
});

behaviour("a queue for all is not redeclared as exclusive: 405", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  const exclusive = { durable: false, exclusive: true };
  await channelRefused(channel, 405, () => channel.assertQueue(queue, exclusive));
});

behaviour("an exclusive queue is gone when its connection has closed", async (broker) => {
  const queue = broker.queueName();
  {
    await using owner = await broker.connect();
    await (await owner.channel()).assertQueue(queue, { exclusive: true });
  }
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 404, () => channel.checkQueue(queue));
});

behaviour("an exclusive queue goes when its connection's socket is cut", async (broker) => {
  const queue = broker.queueName();
  {
    await using owner = await broker.peer();
    await owner.openChannel(1);
    await owner.call(1, "queue.declare", { queue, exclusive: true });
  }
  await gone(broker, queue);
});

behaviour("an exclusive queue outlives the channel that declared it", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.close();
  await (await client.channel()).checkQueue(queue);
});

behaviour("an auto-delete queue stays while it has had no consumer", async (broker) => {
  const queue = broker.queueName();
  {
    await using client = await broker.connect();
    const channel = await client.channel();
    await channel.assertQueue(queue, { durable: false, autoDelete: true });
    await channel.get(queue);
  }
  await using client = await broker.connect();
  await (await client.channel()).checkQueue(queue);
});

behaviour("an auto-delete queue goes when its last consumer is cancelled", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false, autoDelete: true });
  const [one, two] = [await consume(channel, queue), await consume(channel, queue)];
  await channel.cancel(one.consumerTag);
  await channel.checkQueue(queue);
  await channel.cancel(two.consumerTag);
  await gone(broker, queue);
});

behaviour("an auto-delete queue goes with its consumer's channel", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false, autoDelete: true });
  await consume(channel, queue);
  await channel.close();
  await gone(broker, queue);
});

behaviour("a queue that nobody uses expires", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false, expires: 50 });
  send(channel, queue, "goes with it");
  await gone(broker, queue);
});

behaviour("a queue with a consumer does not expire", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const [used, unused] = [broker.queueName(), broker.queueName()];
  await channel.assertQueue(used, { durable: false, expires: 200 });
  await consume(channel, used);
  await channel.assertQueue(unused, { durable: false, expires: 300 });
  await gone(broker, unused); // the used one's time is up by now
  await channel.checkQueue(used);
});

behaviour("a queue expires once its consumer has gone", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false, expires: 200 });
  const { consumerTag } = await consume(channel, queue);
  await channel.cancel(consumerTag);
  await gone(broker, queue);
});

/**
 * Waits until a message to the queue is returned: publishing does not count as use of a queue, and
 * a passive declare does.
 */
async function gone(broker: Broker, queue: string): Promise<void> {
  await using client = await broker.connect();
  const channel = await client.channel();
  let isGone = false;
  channel.on("return", () => isGone = true);
  await eventually(`'${queue}' to go`, async () => {
    await confirmed(channel, { routingKey: queue }, "", { mandatory: true });
    return isGone;
  });
}
