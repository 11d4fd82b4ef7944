/** basic.ack, nack, reject and recover: what is settled, what goes back, and where to. */
import assert from "node:assert/strict";
import { eventually } from "../support/deadline.ts";
import { behaviour } from "./brokers.ts";
import { channelRefused, consume, drain, get, ready, send } from "./client.ts";
import { holding } from "./queues.ts";

behaviour("an acknowledged message is gone", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a");
  channel.ack(await get(channel, queue, {}));
  await channel.recover();
  assert.deepEqual(await drain(channel, queue), []);
});

behaviour("an ack of multiple settles all before it", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a", "b", "c");
  const messages = await (await consume(channel, queue)).take(3);
  channel.ack(messages[1]!, true);
  await channel.close();
  assert.deepEqual(await drain(await client.channel(), queue), ["c"]);
});

behaviour("an ack of multiple with tag 0 settles all", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a", "b", "c");
  await (await consume(channel, queue)).take(3);
  channel.ackAll();
  await channel.close();
  assert.deepEqual(await drain(await client.channel(), queue), []);
});

behaviour("an ack of multiple with tag 0 is fine when nothing is open", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  channel.ackAll();
  await channel.prefetch(1);
});

behaviour("acks may come out of order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a", "b", "c");
  const [, b, c] = await (await consume(channel, queue)).take(3);
  channel.ack(c!);
  channel.ack(b!);
  await channel.close();
  assert.deepEqual(await drain(await client.channel(), queue), ["a"]);
});

for (const method of ["basic.ack", "basic.nack", "basic.reject"]) {
  behaviour(`${method} of an unknown tag is refused with 406`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    peer.send(1, method, { deliveryTag: 99 });
    await peer.expectChannelClose(1, 406);
    await peer.close();
  });

  behaviour(`${method} of a settled tag is refused with 406`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
    peer.publish(1, { routingKey: queue }, "x");
    peer.send(1, "basic.get", { queue });
    await peer.expectContent("basic.get-ok", 1);
    peer.send(1, "basic.ack", { deliveryTag: 1 });
    peer.send(1, method, { deliveryTag: 1 });
    await peer.expectChannelClose(1, 406);
    await peer.close();
  });
}

behaviour("an ack of multiple of a tag never delivered is refused with 406", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "basic.ack", { deliveryTag: 5, multiple: true });
  await peer.expectChannelClose(1, 406);
  await peer.close();
});

behaviour("an ack of tag 0 alone is refused with 406", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "basic.ack", { deliveryTag: 0 });
  await peer.expectChannelClose(1, 406);
  await peer.close();
});

behaviour("an ack for a consumer without acks is refused with 406", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a");
  const message = await (await consume(channel, queue, { noAck: true })).next();
  await channelRefused(channel, 406, () => channel.ack(message));
});

behaviour("a tag of one channel is unknown to another: 406", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const message = await get(channel, await holding(channel, "a"), {});
  const other = await client.channel();
  await channelRefused(other, 406, () => other.ack(message));
});

behaviour("after a wrong ack the open messages go back to the queue", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a");
  const message = await get(channel, queue, {});
  message.fields.deliveryTag = 7;
  await channelRefused(channel, 406, () => channel.ack(message));
  assert.deepEqual(await drain(await client.channel(), queue), ["a"]);
});

for (const method of ["nack", "reject"] as const) {
  behaviour(`${method} without requeue drops the message`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const queue = await holding(channel, "a", "b");
    const message = await get(channel, queue, {});
    if (method === "nack") channel.nack(message, false, false);
    else channel.reject(message, false);
    assert.deepEqual(await drain(channel, queue), ["b"]);
  });

  behaviour(`${method} with requeue puts the message back in its place`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const queue = await holding(channel, "a", "b", "c");
    const messages = [await get(channel, queue, {}), await get(channel, queue, {})];
    if (method === "nack") channel.nack(messages[1]!);
    else channel.reject(messages[1]!);
    assert.deepEqual(await drain(channel, queue), ["b", "c"]);
  });
}

behaviour("a message put back is marked as redelivered, the others are not", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a", "b");
  const message = await get(channel, queue, {});
  assert.equal(message.fields.redelivered, false);
  channel.nack(message);
  assert.equal((await get(channel, queue)).fields.redelivered, true);
  assert.equal((await get(channel, queue)).fields.redelivered, false);
});

behaviour("a nack of multiple puts all before it back in order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a", "b", "c", "d");
  const messages = [];
  for (let i = 0; i < 3; i++) messages.push(await get(channel, queue, {}));
  channel.nack(messages[1]!, true);
  assert.deepEqual(await drain(channel, queue), ["a", "b", "d"]);
});

behaviour("a nack of multiple with tag 0 puts all back in order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a", "b", "c");
  for (let i = 0; i < 3; i++) await get(channel, queue, {});
  channel.nackAll();
  assert.deepEqual(await drain(channel, queue), ["a", "b", "c"]);
});

behaviour("a message put back goes to another consumer", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a");
  const one = await consume(channel, queue);
  const message = await one.next();
  const two = await consume(channel, queue);
  await channel.cancel(one.consumerTag);
  channel.nack(message);
  assert.equal((await two.next()).fields.redelivered, true);
});

behaviour("a closed channel gives back its messages in order, as redelivered", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const other = await client.channel();
  const queue = await holding(channel, "a", "b", "c");
  await (await consume(channel, queue)).take(3);
  await channel.close();
  const messages = [];
  for (let i = 0; i < 3; i++) messages.push(await get(other, queue));
  assert.deepEqual(messages.map((m) => m.content.toString()), ["a", "b", "c"]);
  assert(messages.every((m) => m.fields.redelivered));
});

behaviour("a cut connection gives back its messages", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  send(channel, queue, "a", "b");
  await channel.waitForConfirms();
  {
    await using cut = await broker.peer();
    await cut.openChannel(1);
    await cut.call(1, "basic.consume", { queue });
    await cut.expectContent("basic.deliver", 1);
    await cut.expectContent("basic.deliver", 1);
  }
  await eventually("the messages to be back", async () => await ready(channel, queue) === 2);
  assert.deepEqual(await drain(channel, queue), ["a", "b"]);
});

behaviour("recover puts all open messages of the channel back", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a", "b");
  for (let i = 0; i < 2; i++) await get(channel, queue, {});
  await channel.recover();
  const message = await get(channel, queue);
  assert.deepEqual([message.content.toString(), message.fields.redelivered], ["a", true]);
  assert.deepEqual(await drain(channel, queue), ["b"]);
});

behaviour("recover gives messages to the channel's own consumer again", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, "a", "b");
  const deliveries = await consume(channel, queue);
  await deliveries.take(2);
  await channel.recover();
  const again = await deliveries.take(2);
  assert.deepEqual(again.map((m) => m.fields.deliveryTag), [3, 4]);
  assert(again.every((m) => m.fields.redelivered));
});

behaviour("recover-async does the same and is not answered", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.publish(1, { routingKey: queue }, "x");
  peer.send(1, "basic.get", { queue });
  await peer.expectContent("basic.get-ok", 1);
  peer.send(1, "basic.recover-async", { requeue: true });
  peer.send(1, "basic.get", { queue });
  assert.equal((await peer.expectContent("basic.get-ok", 1)).method.redelivered, true);
  await peer.close();
});

for (const method of ["basic.recover", "basic.recover-async"]) {
  behaviour(`${method} without requeue is connection error 540`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    peer.send(1, method, { requeue: false });
    await peer.expectConnectionClose(540);
  });
}

behaviour("what is settled together is settled by consumer, gets first", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue: dead } = await peer.call(1, "queue.declare", { exclusive: true });
  const args = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead };
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true, arguments: args });
  for (const body of ["0", "1", "2", "3"]) peer.publish(1, { routingKey: queue }, body);
  await peer.call(1, "basic.qos", { prefetchCount: 1 });
  for (const consumerTag of ["z", "a"]) {
    await peer.call(1, "basic.consume", { queue, consumerTag });
    await peer.expectContent("basic.deliver", 1);
  }
  for (let i = 0; i < 2; i++) {
    peer.send(1, "basic.get", { queue });
    await peer.expectContent("basic.get-ok", 1);
  }
  peer.send(1, "basic.nack", { multiple: true });
  await peer.call(1, "basic.qos", { prefetchCount: 0 });
  await peer.call(1, "basic.consume", { queue: dead, noAck: true });
  const order = [];
  for (let i = 0; i < 4; i++) order.push(`${(await peer.expectContent("basic.deliver", 1)).body}`);
  assert.deepEqual(order, ["2", "3", "1", "0"]);
  await peer.close();
});
