/** Many connections at once: nothing is lost, nothing comes twice, order is kept. */
import assert from "node:assert/strict";
import { behaviour, type Broker } from "./brokers.ts";
import { consume, drain, get, ready, send } from "./client.ts";
import { numbered } from "./queues.ts";

behaviour("messages of many publishers reach many consumers once, in order", async (broker) => {
  const [publishers, consumers, each] = [20, 20, 50];
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });

  const received: { publisher: number; number: number }[][] = [];
  let missing = publishers * each;
  const all = Promise.withResolvers<void>();
  const consuming = Array.from({ length: consumers }, async (_, consumer) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    await channel.prefetch(10);
    const messages = received[consumer] = [];
    await channel.consume(queue, (message) => {
      if (!message) return;
      messages.push(JSON.parse(message.content.toString()) as never);
      channel.ack(message);
      if (--missing === 0) all.resolve();
    });
    await all.promise;
    await channel.close(); // after its acks; connection.close might overtake them
  });
  const publishing = Array.from({ length: publishers }, async (_, publisher) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    send(channel, queue, ...numbered(each).map((n) => `{"publisher":${publisher},"number":${n}}`));
    await channel.waitForConfirms();
  });
  await Promise.all([...publishing, ...consuming]);

  const once = new Set(received.flat().map(({ publisher, number }) => `${publisher}/${number}`));
  assert.deepEqual([received.flat().length, once.size], [publishers * each, publishers * each]);
  for (const messages of received) {
    for (let publisher = 0; publisher < publishers; publisher++) {
      const numbers = messages.filter((m) => m.publisher === publisher).map((m) => m.number);
      assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
    }
  }
  assert.equal(await ready(channel, queue), 0);
});

behaviour("consumers whose sockets are cut lose nothing that they did not ack", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  const open = new Set(numbered(200));
  send(channel, queue, ...open);
  await channel.waitForConfirms();

  for (let round = 0; round < 10; round++) {
    for (const acked of await ackSomeAndVanish(broker, queue)) {
      assert(open.delete(acked), `'${acked}' came back after its ack`);
    }
  }
  const deliveries = await consume(channel, queue);
  const rest = await deliveries.bodies(open.size);
  assert.deepEqual(rest.toSorted(), [...open].toSorted());
  await deliveries.none();
});

behaviour("a channel with many consumers is told each message once", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const consumers = [];
  for (let i = 0; i < 50; i++) consumers.push(await consume(channel, queue));
  send(channel, queue, ...numbered(100));
  const bodies = await Promise.all(consumers.map((consumer) => consumer.bodies(2)));
  assert.deepEqual(bodies.flat().toSorted(), numbered(100).toSorted());
});

behaviour("a backlog of many messages keeps its order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const bodies = numbered(5000);
  send(channel, queue, ...bodies);
  assert.equal(await ready(channel, queue), 5000);
  channel.nack(await get(channel, queue, {}));
  assert.deepEqual((await drain(channel, queue)).join(), bodies.join());
});

/** Takes up to 15 messages, acks every third, and cuts the socket; answers what it acked. */
async function ackSomeAndVanish(broker: Broker, queue: string): Promise<string[]> {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.call(1, "basic.qos", { prefetchCount: 15 });
  await peer.call(1, "basic.consume", { queue, consumerTag: "mine" });
  const deliveries = [];
  for (let i = 0; i < 15; i++) deliveries.push(await peer.expectContent("basic.deliver", 1));
  await peer.call(1, "basic.cancel", { consumerTag: "mine" });
  const acked = deliveries.filter((_, i) => i % 3 === 0);
  for (const { method } of acked) {
    peer.send(1, "basic.ack", { deliveryTag: method.deliveryTag });
  }
  await peer.call(1, "confirm.select"); // the broker has read the acks by now
  return acked.map(({ body }) => body.toString());
}
