/** basic.consume, basic.deliver and basic.cancel. */
import assert from "node:assert/strict";
import { FRAME_METHOD } from "../support/amqp_frame.ts";
import { decodeMethod } from "../support/amqp_wire.ts";
import { Inbox } from "../support/inbox.ts";
import { behaviour } from "./brokers.ts";
import { channelRefused, consume, drain, ready, send } from "./client.ts";

behaviour("messages come in the order they were published", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const bodies = Array.from({ length: 100 }, (_, i) => `${i}`);
  send(channel, queue, ...bodies.slice(0, 50));
  const deliveries = await consume(channel, queue);
  send(channel, queue, ...bodies.slice(50));
  assert.deepEqual(await deliveries.bodies(100), bodies);
});

behaviour("a delivery tells consumer, tag, exchange and key", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const deliveries = await consume(channel, queue, { consumerTag: "mine" });
  send(channel, queue, "x");
  assert.deepEqual((await deliveries.next()).fields, {
    consumerTag: "mine",
    deliveryTag: 1,
    redelivered: false,
    exchange: "",
    routingKey: queue,
  });
});

behaviour("delivery tags count from 1 on each channel, over all its consumers", async (broker) => {
  await using client = await broker.connect();
  for (let i = 0; i < 2; i++) {
    const channel = await client.channel();
    const one = (await channel.assertQueue("", { exclusive: true })).queue;
    const two = (await channel.assertQueue("", { exclusive: true })).queue;
    const [first, second] = [await consume(channel, one), await consume(channel, two)];
    send(channel, one, "x");
    assert.equal((await first.next()).fields.deliveryTag, 1);
    send(channel, two, "x");
    assert.equal((await second.next()).fields.deliveryTag, 2);
  }
});

behaviour("a consumer without a tag gets one that begins with amq.ctag-", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  const one = await peer.call(1, "basic.consume", { queue });
  const two = await peer.call(1, "basic.consume", { queue });
  assert.match(String(one.consumerTag), /^amq\.ctag-[\w-]{22}$/);
  assert.notEqual(one.consumerTag, two.consumerTag);
  await peer.close();
});

behaviour("a consumer tag in use on the channel is connection error 530", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await consume(channel, queue, { consumerTag: "mine" });
  await client.refused(530, () => channel.consume(queue, () => {}, { consumerTag: "mine" }));
});

behaviour("a consumer tag may be used on two channels, and again after cancel", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await consume(await client.channel(), queue, { consumerTag: "mine" });
  await consume(channel, queue, { consumerTag: "mine" });
  await channel.cancel("mine");
  await consume(channel, queue, { consumerTag: "mine" });
});

behaviour("consuming from a missing queue is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 404, () => channel.consume(broker.queueName(), () => {}));
});

behaviour("consume-ok comes before the first delivery", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.publish(1, { routingKey: queue }, "x");
  peer.send(1, "basic.consume", { queue });
  await peer.expect("basic.consume-ok", 1);
  await peer.expectContent("basic.deliver", 1);
  await peer.close();
});

behaviour("a consumer without acks has the messages for good", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "a", "b");
  const consumers = await client.channel();
  await (await consume(consumers, queue, { noAck: true })).take(2);
  await consumers.close();
  assert.deepEqual(await drain(channel, queue), []);
});

behaviour("a cancelled consumer gets nothing more", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const deliveries = await consume(channel, queue);
  await channel.cancel(deliveries.consumerTag);
  send(channel, queue, "x");
  assert.equal(await ready(channel, queue), 1);
  await deliveries.none();
});

behaviour("no delivery follows cancel-ok", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  await peer.call(1, "basic.consume", { queue, consumerTag: "mine", noAck: true });
  for (let i = 0; i < 100; i++) peer.publish(1, { routingKey: queue }, "x");
  peer.send(1, "basic.cancel", { consumerTag: "mine" });
  for (;;) {
    const { type, payload } = await peer.nextFrame("cancel-ok");
    if (type === FRAME_METHOD && decodeMethod(payload).name === "basic.cancel-ok") break;
  }
  await peer.call(1, "basic.qos"); // the next frame, so nothing came between
  await peer.call(1, "basic.qos");
  await peer.close();
});

behaviour("what a cancelled consumer holds may still be acknowledged", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const deliveries = await consume(channel, queue);
  send(channel, queue, "a", "b");
  const [first, second] = await deliveries.take(2);
  await channel.cancel(deliveries.consumerTag);
  assert.equal(await ready(channel, queue), 0); // nothing is given back by cancel
  channel.ack(first!);
  channel.nack(second!);
  assert.deepEqual(await drain(channel, queue), ["b"]);
});

behaviour("cancelling an unknown consumer is fine", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  assert.deepEqual(await channel.cancel("nobody"), { consumerTag: "nobody" });
});

behaviour("an exclusive consumer keeps others out: 403", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  await consume(channel, queue, { exclusive: true });
  await using other = await broker.connect();
  const second = await other.channel();
  await channelRefused(second, 403, () => second.consume(queue, () => {}));
});

behaviour("an exclusive consumer does not get in where there is one: 403", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await consume(channel, queue);
  await channelRefused(channel, 403, () => channel.consume(queue, () => {}, { exclusive: true }));
});

behaviour("a queue is free again when its exclusive consumer is cancelled", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const deliveries = await consume(channel, queue, { exclusive: true });
  await channel.cancel(deliveries.consumerTag);
  await consume(channel, queue);
});

behaviour("no-local is accepted and ignored", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const deliveries = await consume(channel, queue, { noLocal: true });
  send(channel, queue, "own");
  assert.deepEqual(await deliveries.bodies(1), ["own"]);
});

behaviour("a client is told when the queue of its consumer is deleted", async (broker) => {
  await using client = await broker.connect(); // amqplib declares consumer_cancel_notify
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  const deliveries = await consume(channel, queue);
  await (await client.channel()).deleteQueue(queue);
  await deliveries.cancelled();
  await channel.cancel(deliveries.consumerTag); // too late, and fine
});

behaviour("a client that cannot hear a cancel is not told", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const queue = broker.queueName();
  await peer.call(1, "queue.declare", { queue });
  await peer.call(1, "basic.consume", { queue, consumerTag: "mine" });
  await peer.call(1, "queue.delete", { queue });
  await peer.call(1, "basic.cancel", { consumerTag: "mine" });
  await peer.close();
});

behaviour("messages are shared by turns among consumers", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const [one, two] = [await consume(channel, queue), await consume(channel, queue)];
  send(channel, queue, "a", "b", "c", "d");
  assert.deepEqual([await one.bodies(2), await two.bodies(2)], [["a", "c"], ["b", "d"]]);
});

behaviour("consumers on two connections share messages by turns", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  await using other = await broker.connect();
  const [one, two] = [await consume(channel, queue), await consume(await other.channel(), queue)];
  send(channel, queue, "a", "b", "c", "d");
  assert.deepEqual([await one.bodies(2), await two.bodies(2)], [["a", "c"], ["b", "d"]]);
});

behaviour("a consumer of higher priority is served first", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const low = await consume(channel, queue, { priority: -1 });
  const high = await consume(channel, queue, { priority: 5 });
  send(channel, queue, "a", "b", "c");
  assert.deepEqual(await high.bodies(3), ["a", "b", "c"]);
  await low.none();
});

behaviour("a consumer of lower priority is served when the higher is full", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.prefetch(1);
  const low = await consume(channel, queue, { priority: 1 });
  const high = await consume(channel, queue, { priority: 2 });
  send(channel, queue, "a", "b", "c");
  assert.deepEqual([await high.bodies(1), await low.bodies(1)], [["a"], ["b"]]);
});

behaviour("consumer arguments that nobody knows are accepted", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await consume(channel, queue, { arguments: { "x-colour": "blue" } });
});

behaviour("a consumer priority that is no number is refused with 406", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const options = { arguments: { "x-priority": "high" } };
  await channelRefused(channel, 406, () => channel.consume(queue, () => {}, options));
});

behaviour("a new consumer stands behind all others, whoever's turn it is", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const deliveries = new Inbox<string>();
  const join = (tag: string) =>
    channel.consume(queue, () => deliveries.push(tag), { consumerTag: tag, noAck: true });
  const served = async (count: number) => {
    const tags = [];
    for (let n = 0; n < count; n++) tags.push(await deliveries.next("a delivery"));
    return tags;
  };
  await join("1");
  await join("2");
  send(channel, queue, "x");
  assert.deepEqual(await served(1), ["1"]);
  await join("3");
  send(channel, queue, ..."abcdef");
  assert.deepEqual(await served(6), ["2", "1", "3", "2", "1", "3"]);
});

behaviour("a consumer tag in use is refused before the queue is looked for", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.consume(queue, () => {}, { consumerTag: "mine" });
  await client.refused(530, () => {
    return channel.consume(broker.queueName(), () => {}, { consumerTag: "mine" });
  });
});
