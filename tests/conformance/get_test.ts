/** basic.get. */
import assert from "node:assert/strict";
import { behaviour } from "./brokers.ts";
import { channelRefused, consume, drain, get, send } from "./client.ts";

behaviour("a get from an empty queue is answered with get-empty", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  assert.equal(await channel.get(queue), false);
});

behaviour("get-ok tells how many messages are left", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "a", "b", "c");
  await channel.waitForConfirms();
  for (const left of [2, 1, 0]) {
    assert.equal((await get(channel, queue)).fields.messageCount, left);
  }
});

behaviour(
  "get-ok tells exchange, routing key and a delivery tag of the channel",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    send(channel, queue, "a", "b");
    const deliveries = await consume(channel, queue);
    await deliveries.take(2);
    await channel.cancel(deliveries.consumerTag);
    send(channel, queue, "c");
    const { exchange, routingKey, deliveryTag } = (await get(channel, queue)).fields;
    assert.deepEqual({ exchange, routingKey, deliveryTag }, {
      exchange: "",
      routingKey: queue,
      deliveryTag: 3,
    });
  },
);

behaviour("a message got without acks is gone", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "a");
  await get(channel, queue, { noAck: true });
  await channel.close();
  assert.deepEqual(await drain(await client.channel(), queue), []);
});

behaviour("a message got and not acknowledged goes back with its channel", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "a");
  await get(channel, queue, {});
  await channel.close();
  const message = await get(await client.channel(), queue);
  assert.deepEqual([message.content.toString(), message.fields.redelivered], ["a", true]);
});

behaviour("a get from a missing queue is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 404, () => channel.get(broker.queueName()));
});

behaviour("a get beside another's exclusive consumer is answered", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  await channel.prefetch(1);
  await consume(channel, queue, { exclusive: true });
  send(channel, queue, "a", "b");
  await channel.waitForConfirms();
  await using other = await broker.connect();
  assert.equal((await get(await other.channel(), queue)).content.toString(), "b");
});

behaviour("a get is not limited by the prefetch count", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.prefetch(1);
  send(channel, queue, "a", "b", "c");
  for (let i = 0; i < 3; i++) await get(channel, queue, {});
});
