/** Publisher confirms (confirm.select). */
import assert from "node:assert/strict";
import { FRAME_METHOD } from "../support/amqp_frame.ts";
import type { AmqpPeer } from "../support/amqp_peer.ts";
import { decodeMethod } from "../support/amqp_wire.ts";
import { behaviour } from "./brokers.ts";

behaviour("confirms are numbered from 1 on each channel", async (broker) => {
  await using peer = await broker.peer();
  const { queue } = await declared(peer, 1);
  await peer.openChannel(2);
  for (const channel of [1, 2]) {
    await peer.call(channel, "confirm.select");
    peer.publish(channel, { routingKey: queue }, "x");
    assert.equal((await peer.expect("basic.ack", channel)).deliveryTag, 1);
    peer.publish(channel, { routingKey: queue }, "x");
    assert.equal((await peer.expect("basic.ack", channel)).deliveryTag, 2);
  }
  await peer.close();
});

behaviour("messages published before confirm.select are not counted", async (broker) => {
  await using peer = await broker.peer();
  const { queue } = await declared(peer, 1);
  peer.publish(1, { routingKey: queue }, "x");
  await peer.call(1, "confirm.select");
  peer.publish(1, { routingKey: queue }, "x");
  assert.equal((await peer.expect("basic.ack", 1)).deliveryTag, 1);
  await peer.close();
});

behaviour("a second confirm.select changes nothing", async (broker) => {
  await using peer = await broker.peer();
  const { queue } = await declared(peer, 1);
  await peer.call(1, "confirm.select");
  peer.publish(1, { routingKey: queue }, "x");
  await peer.expect("basic.ack", 1);
  await peer.call(1, "confirm.select");
  peer.publish(1, { routingKey: queue }, "x");
  assert.equal((await peer.expect("basic.ack", 1)).deliveryTag, 2);
  await peer.close();
});

for (const [kind, deliveryMode] of [["transient", 1], ["persistent", 2]] as const) {
  behaviour(`every one of many ${kind} messages is confirmed exactly once`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const queue = broker.queueName();
    await peer.call(1, "queue.declare", { queue, durable: true });
    await peer.call(1, "confirm.select");
    const properties = { deliveryMode };
    for (let i = 0; i < 500; i++) peer.publish(1, { routingKey: queue }, `${i}`, { properties });
    assert.deepEqual(await confirmedTags(peer, 500), Array.from({ length: 500 }, (_, i) => i + 1));
    const { messageCount } = await peer.call(1, "queue.declare", { queue, passive: true });
    assert.equal(messageCount, 500);
    await peer.close();
  });
}

behaviour("a message that no queue takes is confirmed", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.call(1, "confirm.select");
  peer.publish(1, { routingKey: "nowhere" }, "x");
  assert.deepEqual(await peer.expect("basic.ack", 1), { deliveryTag: 1, multiple: false });
  await peer.close();
});

behaviour(
  "a message that no queue takes is confirmed before the next one is seen",
  async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    await peer.call(1, "confirm.select");
    peer.publish(1, { routingKey: "nowhere" }, "1");
    peer.publish(1, { routingKey: "nowhere", mandatory: true }, "2");
    assert.deepEqual(await peer.expect("basic.ack", 1), { deliveryTag: 1, multiple: false });
    await peer.expectContent("basic.return", 1);
    assert.deepEqual(await peer.expect("basic.ack", 1), { deliveryTag: 2, multiple: false });
    await peer.close();
  },
);

behaviour("a message that its queue refuses gets a basic.nack with requeue set", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const args = { "x-max-length": 0, "x-overflow": "reject-publish" };
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true, arguments: args });
  await peer.call(1, "confirm.select");
  for (const deliveryTag of [1, 2]) {
    peer.publish(1, { routingKey: queue }, "x");
    const nack = await peer.expect("basic.nack", 1);
    assert.deepEqual(nack, { deliveryTag, multiple: true, requeue: true });
  }
  await peer.close();
});

behaviour(
  "a mandatory message that no queue takes comes back before its confirm",
  async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    await peer.call(1, "confirm.select");
    peer.publish(1, { routingKey: "nowhere", mandatory: true }, "x");
    await peer.expectContent("basic.return", 1);
    await peer.expect("basic.ack", 1);
    await peer.close();
  },
);

behaviour("a message for several queues is confirmed once", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const exchange = broker.exchangeName();
  await peer.call(1, "exchange.declare", { exchange, type: "fanout" });
  for (let i = 0; i < 3; i++) {
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
    await peer.call(1, "queue.bind", { queue, exchange });
  }
  await peer.call(1, "confirm.select");
  for (let i = 0; i < 2; i++) peer.publish(1, { exchange }, "x");
  assert.deepEqual(await confirmedTags(peer, 2), [1, 2]);
  await peer.close();
});

behaviour("a message is confirmed without waiting for its consumer", async (broker) => {
  await using peer = await broker.peer();
  const { queue } = await declared(peer, 1);
  await peer.openChannel(2);
  await peer.call(2, "confirm.select");
  await peer.call(1, "basic.consume", { queue });
  peer.publish(2, { routingKey: queue }, "x");
  const methods = new Set<string>();
  for (let i = 0; i < 4; i++) { // the confirm on one channel, the delivery's frames on the other
    const { channel, payload, type } = await peer.nextFrame("a confirm and a delivery");
    if (type === FRAME_METHOD) methods.add(`${channel}: ${decodeMethod(payload).name}`);
  }
  assert.deepEqual(methods, new Set(["1: basic.deliver", "2: basic.ack"]));
  await peer.close();
});

behaviour("a message that is refused takes its channel along without a confirm", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.call(1, "confirm.select");
  peer.publish(1, { exchange: "no such exchange" }, "x");
  await peer.expectChannelClose(1, 404);
  await peer.close();
});

behaviour("messages confirmed are in the queue when its deletion counts them", async (broker) => {
  await using peer = await broker.peer();
  const { queue } = await declared(peer, 1);
  await peer.call(1, "confirm.select");
  for (let i = 0; i < 10; i++) peer.publish(1, { routingKey: queue }, "x");
  await confirmedTags(peer, 10);
  assert.deepEqual(await peer.call(1, "queue.delete", { queue }), { messageCount: 10 });
  await peer.close();
});

behaviour("a confirm channel may not become transactional: 406", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.call(1, "confirm.select");
  peer.send(1, "tx.select");
  await peer.expectChannelClose(1, 406);
  await peer.close();
});

/** Opens the channel and declares a queue on it. */
async function declared(peer: AmqpPeer, channel: number): Promise<{ queue: string }> {
  await peer.openChannel(channel);
  const { queue } = await peer.call(channel, "queue.declare", { exclusive: true });
  return { queue: String(queue) };
}

/** The delivery tags that basic.ack on channel 1 covers, one by one and in order of number. */
async function confirmedTags(peer: AmqpPeer, count: number): Promise<number[]> {
  const tags: number[] = [];
  while (tags.length < count) {
    const { deliveryTag, multiple } = await peer.expect("basic.ack", 1);
    const last = deliveryTag as number;
    if (!multiple) tags.push(last);
    for (let tag = 1; multiple && tag <= last; tag++) if (!tags.includes(tag)) tags.push(tag);
  }
  return tags.sort((a, b) => a - b);
}
