/** Length limits: x-max-length, x-max-length-bytes and x-overflow. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { behaviour } from "./brokers.ts";
import { confirmed, consume, drain, get, ready, send } from "./client.ts";
import { withDeadLetters } from "./queues.ts";

const REJECT = { arguments: { "x-overflow": "reject-publish" } };

behaviour("a full queue drops its oldest messages", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxLength: 2 });
  send(channel, queue, "a", "b", "c", "d");
  assert.equal(await ready(channel, queue), 2);
  assert.deepEqual(await drain(channel, queue), ["c", "d"]);
});

behaviour("what is dropped from the head is confirmed all the same", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxLength: 1 });
  for (let i = 0; i < 3; i++) assert.equal(await confirmed(channel, { routingKey: queue }), "ack");
});

behaviour("unacknowledged messages do not count against the limit", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxLength: 2 });
  send(channel, queue, "held", "held too");
  for (let i = 0; i < 2; i++) await get(channel, queue, {});
  send(channel, queue, "a", "b");
  assert.equal(await ready(channel, queue), 2);
  assert.deepEqual(await drain(channel, queue), ["a", "b"]);
});

behaviour("messages put back in a full queue push out the oldest", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxLength: 2 });
  send(channel, queue, "a", "b");
  const held = await get(channel, queue, {});
  send(channel, queue, "c");
  await channel.waitForConfirms();
  channel.nack(held);
  assert.deepEqual(await drain(channel, queue), ["b", "c"]);
});

behaviour("a limit of 0 keeps nothing, and serves a consumer that waits", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true, maxLength: 0 });
  send(channel, queue, "lost");
  assert.equal(await ready(channel, queue), 0);
  const deliveries = await consume(channel, queue);
  send(channel, queue, "served");
  assert.deepEqual(await deliveries.bodies(1), ["served"]);
});

behaviour("x-max-length-bytes counts the octets of bodies", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const args = { arguments: { "x-max-length-bytes": 10 } };
  const { queue } = await channel.assertQueue("", { exclusive: true, ...args });
  send(channel, queue, "12345", "67890");
  assert.equal(await ready(channel, queue), 2);
  send(channel, queue, "x");
  assert.equal(await ready(channel, queue), 2);
  assert.deepEqual(await drain(channel, queue), ["67890", "x"]);
});

behaviour("a message larger than x-max-length-bytes does not stay", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const args = { arguments: { "x-max-length-bytes": 10 } };
  const { queue } = await channel.assertQueue("", { exclusive: true, ...args });
  send(channel, queue, "12345678901");
  assert.equal(await ready(channel, queue), 0);
});

behaviour("of both limits the one reached first holds", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const args = { maxLength: 2, arguments: { "x-max-length-bytes": 10 } };
  const { queue } = await channel.assertQueue("", { exclusive: true, ...args });
  send(channel, queue, "a", "b", "c");
  assert.equal(await ready(channel, queue), 2);
  send(channel, queue, "1234567890");
  assert.deepEqual([await ready(channel, queue), await drain(channel, queue)], [1, ["1234567890"]]);
});

behaviour("messages pushed out become dead letters in order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel, { maxLength: 1 });
  const deliveries = await consume(channel, dead);
  send(channel, queue, "a", "b", "c");
  assert.deepEqual(await deliveries.bodies(2), ["a", "b"]);
});

behaviour("a full queue with reject-publish refuses new messages with a nack", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const options = { exclusive: true, maxLength: 2, ...REJECT };
  const { queue } = await channel.assertQueue("", options);
  const outcomes = [];
  for (const body of ["a", "b", "c"]) {
    outcomes.push(await confirmed(channel, { routingKey: queue }, body));
  }
  assert.deepEqual(outcomes, ["ack", "ack", "nack"]);
  assert.deepEqual(await drain(channel, queue), ["a", "b"]);
});

for (const overflow of ["reject-publish", "reject-publish-dlx"]) {
  behaviour(`what comes back to a queue that is full with ${overflow} stays`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const args = { arguments: { "x-overflow": overflow } };
    const { queue, dead } = await withDeadLetters(channel, { maxLength: 1, ...args });
    send(channel, queue, "a");
    const held = await get(channel, queue, {});
    assert.equal(await confirmed(channel, { routingKey: queue }, "b"), "ack");
    channel.nack(held);
    assert.equal(await confirmed(channel, { routingKey: queue }, "c"), "nack");
    assert.deepEqual(await drain(channel, queue), ["a", "b"]);
    if (overflow === "reject-publish") assert.deepEqual(await drain(channel, dead), []);
  });
}

behaviour("a queue with reject-publish takes messages again when there is room", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const options = { exclusive: true, maxLength: 1, ...REJECT };
  const { queue } = await channel.assertQueue("", options);
  assert.equal(await confirmed(channel, { routingKey: queue }, "a"), "ack");
  assert.equal(await confirmed(channel, { routingKey: queue }, "b"), "nack");
  await get(channel, queue);
  assert.equal(await confirmed(channel, { routingKey: queue }, "c"), "ack");
});

behaviour(
  "a message for a full and an empty queue is nacked and reaches the empty one",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const exchange = broker.exchangeName();
    await channel.assertExchange(exchange, "fanout", { durable: false });
    const full =
      (await channel.assertQueue("", { exclusive: true, maxLength: 1, ...REJECT })).queue;
    const free = (await channel.assertQueue("", { exclusive: true })).queue;
    for (const queue of [full, free]) await channel.bindQueue(queue, exchange, "");
    assert.equal(await confirmed(channel, { exchange, routingKey: "" }, "a"), "ack");
    assert.equal(await confirmed(channel, { exchange, routingKey: "" }, "b"), "nack");
    assert.deepEqual([await drain(channel, full), await drain(channel, free)], [["a"], ["a", "b"]]);
  },
);

behaviour("reject-publish makes no dead letters", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel, { maxLength: 1, ...REJECT });
  await confirmed(channel, { routingKey: queue }, "a");
  await confirmed(channel, { routingKey: queue }, "b");
  assert.deepEqual(await drain(channel, dead), []);
});

behaviour(
  "reject-publish-dlx nacks and makes the refused message a dead letter",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const args = { arguments: { "x-overflow": "reject-publish-dlx" } };
    const { queue, dead } = await withDeadLetters(channel, { maxLength: 1, ...args });
    const deliveries = await consume(channel, dead);
    assert.equal(await confirmed(channel, { routingKey: queue }, "a"), "ack");
    assert.equal(await confirmed(channel, { routingKey: queue }, "b"), "nack");
    const letter = await deliveries.next();
    assert.equal(letter.content.toString(), "b");
    const [death] = letter.properties.headers?.["x-death"] ?? [];
    assert.equal(death?.reason, "maxlen");
    assert.deepEqual(await drain(channel, queue), ["a"]);
  },
);

behaviour("reject-publish drops without a word where nobody asked for confirms", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const args = { "x-overflow": "reject-publish", "x-max-length": 1 };
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true, arguments: args });
  for (const body of ["a", "b"]) peer.publish(1, { routingKey: queue }, Buffer.from(body));
  peer.send(1, "basic.get", { queue, noAck: true });
  assert.equal((await peer.expectContent("basic.get-ok", 1)).method.messageCount, 0);
  await peer.close();
});
