/** Dead letters: when a message becomes one, and where it goes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { behaviour } from "./brokers.ts";
import { channelRefused, consume, drain, get, ready, send } from "./client.ts";
import { deaths, rejected, withDeadLetters } from "./queues.ts";

behaviour("a message rejected without requeue becomes a dead letter", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  send(channel, queue, "a", "b");
  channel.reject(await get(channel, queue, {}), false);
  channel.nack(await get(channel, queue, {}), false, false);
  assert.deepEqual(await (await consume(channel, dead)).bodies(2), ["a", "b"]);
});

behaviour("a message put back does not become a dead letter", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  send(channel, queue, "a");
  channel.nack(await get(channel, queue, {}));
  assert.deepEqual(await drain(channel, queue), ["a"]);
  assert.deepEqual(await drain(channel, dead), []);
});

for (const [method, goes] of [["purged", "purgeQueue"], ["deleted", "deleteQueue"]] as const) {
  behaviour(`messages of a queue that is ${method} do not become dead letters`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const { queue, dead } = await withDeadLetters(channel);
    send(channel, queue, "a");
    await ready(channel, queue);
    await channel[goes](queue);
    assert.deepEqual(await drain(channel, dead), []);
  });
}

behaviour("messages of a queue that expires do not become dead letters", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel, { expires: 50 });
  const other = await withDeadLetters(channel, { messageTtl: 150 });
  const later = await consume(channel, other.dead);
  send(channel, queue, "a");
  send(channel, other.queue, "later");
  await later.take(1); // the queue is gone by now
  assert.deepEqual(await drain(channel, dead), []);
  await channelRefused(channel, 404, () => channel.checkQueue(queue));
});

behaviour("a nack of multiple makes dead letters in order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  send(channel, queue, "a", "b", "c");
  for (let i = 0; i < 3; i++) await get(channel, queue, {});
  channel.nackAll(false);
  assert.deepEqual(await (await consume(channel, dead)).bodies(3), ["a", "b", "c"]);
});

behaviour("a dead letter keeps its routing key unless the queue names another", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "direct", { durable: false });
  const dead = (await channel.assertQueue("", { exclusive: true })).queue;
  const deliveries = await consume(channel, dead);
  for (const key of ["own", "named"]) await channel.bindQueue(dead, exchange, key);
  const queues = [
    await channel.assertQueue("", { exclusive: true, deadLetterExchange: exchange }),
    await channel.assertQueue("", {
      exclusive: true,
      deadLetterExchange: exchange,
      deadLetterRoutingKey: "named",
    }),
  ];
  for (const { queue } of queues) {
    await channel.bindQueue(queue, exchange, `to ${queue}`);
    await channel.bindQueue(queue, "amq.fanout", "");
  }
  channel.publish("amq.fanout", "own", Buffer.from("x"));
  for (const [i, key] of ["own", "named"].entries()) {
    channel.reject(await get(channel, queues[i]!.queue, {}), false);
    const { fields } = await deliveries.next();
    assert.deepEqual([fields.exchange, fields.routingKey], [exchange, key]);
  }
});

behaviour("a dead letter of a missing exchange is dropped", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const deadLetterExchange = broker.exchangeName();
  const { queue } = await channel.assertQueue("", { exclusive: true, deadLetterExchange });
  send(channel, queue, "a");
  channel.reject(await get(channel, queue, {}), false);
  assert.deepEqual(await drain(channel, queue), []);
});

behaviour("a dead letter keeps its body and properties", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  const properties = { messageId: "id", contentType: "text/plain", priority: 3, headers: { a: 1 } };
  channel.sendToQueue(queue, Buffer.from("body"), { ...properties, persistent: true });
  const letter = await rejected(channel, { queue, dead });
  assert.equal(letter.content.toString(), "body");
  const { messageId, contentType, priority, deliveryMode, headers } = letter.properties;
  assert.deepEqual([messageId, contentType, priority, deliveryMode], ["id", "text/plain", 3, 2]);
  assert.equal(headers?.a, 1);
});

behaviour("a dead letter is not marked as redelivered", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  send(channel, queue, "a");
  assert.equal((await rejected(channel, { queue, dead })).fields.redelivered, false);
});

behaviour("a message that would expire in a circle is dropped", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, {
    exclusive: true,
    durable: false,
    messageTtl: 10,
    deadLetterExchange: "",
    deadLetterRoutingKey: queue,
  });
  const other = await withDeadLetters(channel, { messageTtl: 1_000 }); // it goes round once
  const later = await consume(channel, other.dead);
  send(channel, queue, "a");
  send(channel, other.queue, "later");
  await later.take(1);
  assert.deepEqual(await drain(channel, queue), []);
});

behaviour("a message that is rejected goes round in a circle", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, {
    exclusive: true,
    durable: false,
    deadLetterExchange: "",
    deadLetterRoutingKey: queue,
  });
  const deliveries = await consume(channel, queue);
  send(channel, queue, "a");
  for (const count of [0, 1, 2]) {
    const message = await deliveries.next();
    assert.equal(Number(deaths(message)[0]?.count ?? 0), count);
    channel.reject(message, false);
  }
  assert.equal((await deliveries.next()).content.toString(), "a");
});

behaviour("a retry queue brings a rejected message back after its time", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const [work, retry] = [broker.queueName(), broker.queueName()];
  const options = { exclusive: true, durable: false, deadLetterExchange: "" };
  await channel.assertQueue(work, { ...options, deadLetterRoutingKey: retry });
  await channel.assertQueue(retry, { ...options, deadLetterRoutingKey: work, messageTtl: 20 });
  const deliveries = await consume(channel, work);
  send(channel, work, "a");
  for (const attempt of [0, 1, 2]) {
    const message = await deliveries.next();
    const rejections = deaths(message).find(({ reason }) => reason === "rejected");
    assert.equal(Number(rejections?.count ?? 0), attempt);
    channel.reject(message, false);
  }
});

behaviour("a dead-letter exchange may be internal", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "fanout", { durable: false, internal: true });
  const dead = (await channel.assertQueue("", { exclusive: true })).queue;
  await channel.bindQueue(dead, exchange, "");
  const options = { exclusive: true, deadLetterExchange: exchange };
  const { queue } = await channel.assertQueue("", options);
  send(channel, queue, "a");
  await rejected(channel, { queue, dead });
});
