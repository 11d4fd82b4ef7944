/** basic.qos: how many messages a consumer, or a channel, may hold unacknowledged. */
import assert from "node:assert/strict";
import { behaviour } from "./brokers.ts";
import { consume, get, send } from "./client.ts";
import { holding, numbered } from "./queues.ts";

/** The releases in which consumers share a global prefetch count. */
const SHARED = { releases: ["3.10", "4.0"] } as const;

behaviour("a consumer holds no more than the prefetch count", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(5));
  await channel.prefetch(2);
  const deliveries = await consume(channel, queue);
  await deliveries.take(2);
  await deliveries.none();
});

behaviour("each ack lets one more come", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(5));
  await channel.prefetch(2);
  const deliveries = await consume(channel, queue);
  const [first] = await deliveries.take(2);
  channel.ack(first!);
  assert.deepEqual(await deliveries.bodies(1), ["2"]);
  await deliveries.none();
});

behaviour("an ack of multiple lets as many come as it settles", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(9));
  await channel.prefetch(3);
  const deliveries = await consume(channel, queue);
  const messages = await deliveries.take(3);
  channel.ack(messages[2]!, true);
  assert.deepEqual(await deliveries.bodies(3), ["3", "4", "5"]);
  await deliveries.none();
});

behaviour("a message put back makes room too", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(2));
  await channel.prefetch(1);
  const deliveries = await consume(channel, queue);
  channel.nack(await deliveries.next());
  const again = await deliveries.next();
  assert.deepEqual([again.content.toString(), again.fields.redelivered], ["0", true]);
  await deliveries.none();
});

behaviour("a prefetch count of 0 is no limit", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(300));
  await channel.prefetch(0);
  await (await consume(channel, queue)).take(300);
});

behaviour("a prefetch count holds for consumers that come after it", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const [one, two] = [
    await holding(channel, ...numbered(3)),
    await holding(channel, ...numbered(3)),
  ];
  await channel.prefetch(1);
  const early = await consume(channel, one);
  await channel.prefetch(2);
  const late = await consume(channel, two);
  await early.take(1);
  await late.take(2);
  await early.none();
  await late.none();
});

behaviour("each consumer of a channel has its own prefetch count", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(5));
  await channel.prefetch(1);
  const [one, two] = [await consume(channel, queue), await consume(channel, queue)];
  await one.take(1);
  await two.take(1);
  await one.none();
  await two.none();
});

behaviour("a global prefetch count is shared by a channel's consumers", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const [one, two] = [
    await holding(channel, ...numbered(5)),
    await holding(channel, ...numbered(5)),
  ];
  await channel.prefetch(3, true);
  const first = await consume(channel, one);
  const held = await first.take(3);
  const second = await consume(channel, two);
  await second.none();
  await channel.cancel(first.consumerTag);
  channel.ack(held[0]!);
  await second.take(1);
  await second.none();
}, SHARED);

behaviour("consumers that share a global prefetch count take turns", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.call(1, "basic.qos", { prefetchCount: 1, global: true });
  const backlog = 50;
  const queues: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
    for (let i = 0; i < backlog; i++) peer.publish(1, { routingKey: queue });
    queues.push(queue);
  }
  for (const queue of queues) {
    peer.send(1, "basic.consume", { queue, consumerTag: queue, noWait: true });
  }
  const waiting = new Set(queues);
  for (let served = 0; served < backlog; served++) {
    const { method: { consumerTag, deliveryTag } } = await peer.expectContent("basic.deliver", 1);
    waiting.delete(consumerTag);
    peer.send(1, "basic.ack", { deliveryTag });
  }
  assert.deepEqual([...waiting], []); // before the first has its queue empty
});

behaviour("a consumer without acks waits for room in a global prefetch count", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const held = await holding(channel, "held");
  const queue = await holding(channel, ...numbered(3));
  await channel.prefetch(1, true);
  const [message] = await (await consume(channel, held)).take(1);
  const deliveries = await consume(channel, queue, { noAck: true });
  await deliveries.none();
  channel.ack(message!);
  await deliveries.take(3);
}, SHARED);

behaviour("an answer comes before the deliveries that it makes possible", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  for (const body of ["1", "2"]) peer.publish(1, { routingKey: queue }, body);
  await peer.call(1, "basic.qos", { prefetchCount: 1, global: true });
  await peer.call(1, "basic.consume", { queue });
  await peer.expectContent("basic.deliver", 1);
  await peer.call(1, "basic.qos", { prefetchCount: 2, global: true });
  await peer.expectContent("basic.deliver", 1);
  await peer.call(1, "basic.recover", { requeue: true });
  await peer.expectContent("basic.deliver", 1);
  await peer.expectContent("basic.deliver", 1);
  await peer.call(1, "queue.delete", { queue });
  await peer.close();
}, SHARED);

behaviour("a prefetch count for consumers to come lifts the global one", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(4));
  await channel.prefetch(1, true);
  const deliveries = await consume(channel, queue);
  await deliveries.take(1);
  await deliveries.none();
  await channel.prefetch(5);
  await deliveries.take(3);
}, SHARED);

behaviour("raising the global prefetch count lets deliveries go on", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(5));
  await channel.prefetch(1, true);
  const deliveries = await consume(channel, queue);
  await deliveries.take(1);
  await deliveries.none();
  await channel.prefetch(3, true);
  await deliveries.take(2);
  await deliveries.none();
  await channel.prefetch(0, true);
  await deliveries.take(2);
}, SHARED);

behaviour("since 4.3 a global prefetch count is each consumer's own", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(4));
  await channel.prefetch(1, true);
  const [one, two] = [await consume(channel, queue), await consume(channel, queue)];
  await one.take(1);
  await two.take(1);
  await one.none();
  await two.none();
}, { releases: ["4.3"] });

behaviour("the lower of both prefetch counts holds", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(5));
  await channel.prefetch(4, true);
  await channel.prefetch(2);
  const deliveries = await consume(channel, queue);
  await deliveries.take(2);
  await deliveries.none();
});

behaviour("a consumer without acks has no limit", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(50));
  await channel.prefetch(1);
  await (await consume(channel, queue, { noAck: true })).take(50);
});

behaviour("a busy consumer's turn goes to one that has room", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.prefetch(1);
  const busy = await consume(channel, queue);
  const idle = await consume(channel, queue);
  send(channel, queue, "a");
  await busy.next();
  for (const body of ["b", "c", "d"]) {
    send(channel, queue, body);
    const message = await idle.next();
    assert.equal(message.content.toString(), body);
    channel.ack(message);
  }
  await busy.none();
});

behaviour("messages got do not count, not even in a global prefetch count", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(3));
  await channel.prefetch(1, true);
  await get(channel, queue, {});
  const deliveries = await consume(channel, queue);
  assert.deepEqual(await deliveries.bodies(1), ["1"]);
  await deliveries.none();
});

behaviour("a prefetch size is connection error 540", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "basic.qos", { prefetchSize: 1 });
  await peer.expectConnectionClose(540);
});
