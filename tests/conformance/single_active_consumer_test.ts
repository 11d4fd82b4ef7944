/** Single active consumer (x-single-active-consumer). */
import assert from "node:assert/strict";
import type { ConfirmChannel } from "amqplib";
import { behaviour } from "./brokers.ts";
import { channelRefused, consume, send } from "./client.ts";

behaviour("only the first of several consumers gets messages", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await singleActive(channel);
  const [first, second] = [await consume(channel, queue), await consume(channel, queue)];
  send(channel, queue, "a", "b", "c");
  assert.deepEqual(await first.bodies(3), ["a", "b", "c"]);
  await second.none();
});

behaviour("the next consumer takes over when the active one is cancelled", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await singleActive(channel);
  const first = await consume(channel, queue);
  const [second, third] = [await consume(channel, queue), await consume(channel, queue)];
  await channel.cancel(first.consumerTag);
  send(channel, queue, "a", "b");
  assert.deepEqual(await second.bodies(2), ["a", "b"]);
  await third.none();
});

behaviour("the next consumer takes over when the active one's channel closes", async (broker) => {
  await using client = await broker.connect();
  const [channel, other] = [await client.channel(), await client.channel()];
  const queue = await singleActive(channel);
  const first = await consume(channel, queue);
  const second = await consume(other, queue);
  send(other, queue, "a");
  await first.take(1);
  await channel.close();
  const again = await second.next();
  assert.deepEqual([again.content.toString(), again.fields.redelivered], ["a", true]);
});

behaviour("a consumer that waits is not cancelled when another is", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await singleActive(channel);
  const first = await consume(channel, queue);
  const second = await consume(channel, queue);
  await channel.cancel(second.consumerTag);
  send(channel, queue, "a");
  assert.deepEqual(await first.bodies(1), ["a"]);
});

behaviour("the active consumer's prefetch count holds the others back too", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await singleActive(channel);
  await channel.prefetch(1);
  const [first, second] = [await consume(channel, queue), await consume(channel, queue)];
  send(channel, queue, "a", "b");
  const message = await first.next();
  await second.none();
  channel.ack(message);
  assert.deepEqual(await first.bodies(1), ["b"]);
});

behaviour("an exclusive consumer on a single active queue is refused with 403", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await singleActive(channel);
  await channelRefused(channel, 403, () => channel.consume(queue, () => {}, { exclusive: true }));
});

async function singleActive(channel: ConfirmChannel): Promise<string> {
  const args = { arguments: { "x-single-active-consumer": true } };
  return (await channel.assertQueue("", { exclusive: true, ...args })).queue;
}

behaviour("the highest priority follows the active consumer", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const args = { "x-single-active-consumer": true };
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true, arguments: args });
  for (const [consumerTag, priority] of Object.entries({ a: 0, b: 0, c: 5, d: 2 })) {
    const args = { "x-priority": priority };
    await peer.call(1, "basic.consume", { queue, consumerTag, noAck: true, arguments: args });
  }
  for (const tag of ["a", "c", "d", "b"]) {
    peer.publish(1, { routingKey: queue }, "x");
    const { method } = await peer.expectContent("basic.deliver", 1);
    assert.equal(method.consumerTag, tag);
    await peer.call(1, "basic.cancel", { consumerTag: tag });
  }
  await peer.close();
});
