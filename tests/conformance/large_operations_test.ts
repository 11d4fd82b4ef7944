/** One method that asks for much: what comes behind it comes after it, and order is kept. */
import assert from "node:assert/strict";
import type { AmqpPeer } from "../support/amqp_peer.ts";
import { behaviour } from "./brokers.ts";
import { consume, drain, ready, send } from "./client.ts";
import { holding, numbered } from "./queues.ts";

/** More queues, and more deliveries, than a broker can do by the way. */
const QUEUES = 300;
const MESSAGES = 3_000;

behaviour(
  "a message for 300 queues is confirmed once, and is in all of them then",
  async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const exchange = broker.exchangeName();
    await peer.call(1, "exchange.declare", { exchange, type: "fanout" });
    const queues: string[] = [];
    for (let n = 0; n < QUEUES; n++) {
      const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
      await peer.call(1, "queue.bind", { queue, exchange });
      queues.push(String(queue));
    }
    await peer.call(1, "confirm.select");
    for (const [index, body] of ["first", "second"].entries()) {
      peer.publish(1, { exchange, mandatory: true }, body);
      assert.equal((await peer.expect("basic.ack", 1)).deliveryTag, index + 1);
    }
    for (const queue of queues) {
      for (const body of ["first", "second"]) {
        peer.send(1, "basic.get", { queue, noAck: true });
        assert.equal((await peer.expectContent("basic.get-ok", 1)).body.toString(), body);
      }
    }
    await peer.close();
  },
);

behaviour("what is sent behind a message for 300 queues comes after it", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const exchange = broker.exchangeName();
  await peer.call(1, "exchange.declare", { exchange, type: "fanout" });
  let last = "";
  for (let n = 0; n < QUEUES; n++) {
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
    await peer.call(1, "queue.bind", { queue, exchange });
    last = String(queue);
  }
  peer.publish(1, { exchange }, "wide");
  peer.publish(1, { routingKey: last }, "narrow");
  for (const body of ["wide", "narrow"]) {
    peer.send(1, "basic.get", { queue: last, noAck: true });
    assert.equal((await peer.expectContent("basic.get-ok", 1)).body.toString(), body);
  }
  await peer.close();
});

behaviour("3,000 deliveries are acknowledged by one frame, and none comes back", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(MESSAGES));
  const consumer = await client.channel();
  const taken = await (await consume(consumer, queue)).take(MESSAGES);
  consumer.ack(taken.at(-1)!, true);
  await consumer.close();
  assert.deepEqual(await drain(channel, queue), []);
});

behaviour("3,000 deliveries that one nack returns come again in their order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(MESSAGES));
  const deliveries = await consume(channel, queue);
  const taken = await deliveries.take(MESSAGES);
  channel.nack(taken.at(-1)!, true, true);
  const again = await deliveries.take(MESSAGES);
  assert.deepEqual(again.map(({ content }) => `${content}`), numbered(MESSAGES));
  assert.ok(again.every(({ fields }) => fields.redelivered));
  channel.ack(again.at(-1)!, true);
  await deliveries.none();
});

behaviour("what a channel held is back, in order, when its close is answered", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await holding(channel, ...numbered(MESSAGES));
  const consumer = await client.channel();
  await (await consume(consumer, queue)).take(MESSAGES);
  send(channel, queue, "newer");
  await channel.waitForConfirms();
  await consumer.close();
  assert.equal(await ready(channel, queue), MESSAGES + 1);
  assert.deepEqual(await drain(channel, queue), [...numbered(MESSAGES), "newer"]);
});

behaviour("a large transaction is there, in order, when its commit is answered", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.openChannel(2);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  await peer.call(1, "tx.select");
  peer.together(() => {
    for (const body of numbered(MESSAGES)) peer.publish(1, { routingKey: queue }, body);
    peer.send(1, "tx.commit"); // RabbitMQ takes nothing on the channel until it is answered
  });
  await peer.expect("tx.commit-ok", 1);
  await takes(peer, String(queue), numbered(MESSAGES));
  await peer.close();
});

/** Gets these bodies, and no more, on channel 2. */
async function takes(peer: AmqpPeer, queue: string, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    peer.send(2, "basic.get", { queue, noAck: true });
    assert.equal((await peer.expectContent("basic.get-ok", 2)).body.toString(), body);
  }
  peer.send(2, "basic.get", { queue, noAck: true });
  await peer.expect("basic.get-empty", 2);
}
