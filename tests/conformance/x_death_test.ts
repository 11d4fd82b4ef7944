/** What the headers of a dead letter tell: x-death and x-first-death. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { behaviour } from "./brokers.ts";
import { consume, drain, get, send } from "./client.ts";
import { deaths, rejected, withDeadLetters } from "./queues.ts";

behaviour("x-death tells queue, reason, count, exchange, keys and time", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  send(channel, queue, "a");
  const [death, ...more] = deaths(await rejected(channel, { queue, dead }));
  assert.deepEqual(more, []);
  const { time, ...rest } = death!;
  assert.deepEqual(rest, {
    queue,
    reason: "rejected",
    count: 1,
    exchange: "",
    "routing-keys": [queue],
  });
  assert.equal((time as { "!": string })["!"], "timestamp");
});

behaviour("x-first-death headers tell queue, reason and exchange of the first", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  send(channel, queue, "a");
  const { headers } = (await rejected(channel, { queue, dead })).properties;
  assert.equal(headers?.["x-first-death-queue"], queue);
  assert.equal(headers?.["x-first-death-reason"], "rejected");
  assert.equal(headers?.["x-first-death-exchange"], "");
});

behaviour("an expired message loses its expiration, and x-death keeps it", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  const deliveries = await consume(channel, dead);
  channel.sendToQueue(queue, Buffer.from("a"), { expiration: "20" });
  const letter = await deliveries.next();
  assert.equal(letter.properties.expiration, undefined);
  const [death] = deaths(letter);
  assert.deepEqual([death!.reason, death!["original-expiration"]], ["expired", "20"]);
});

behaviour("a rejected message loses its expiration, and x-death keeps it", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  channel.sendToQueue(queue, Buffer.from("a"), { expiration: "3600000" });
  const letter = await rejected(channel, { queue, dead });
  assert.equal(letter.properties.expiration, undefined);
  assert.equal(deaths(letter)[0]!["original-expiration"], "3600000");
});

behaviour("the reason of a message pushed out is maxlen", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel, { maxLength: 1 });
  const deliveries = await consume(channel, dead);
  send(channel, queue, "a", "b");
  const letter = await deliveries.next();
  assert.deepEqual([letter.content.toString(), deaths(letter)[0]!.reason], ["a", "maxlen"]);
});

behaviour(
  "deaths that a client sent back are counted on in 3.10, and not since 4.0",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const { queue, dead } = await withDeadLetters(channel);
    send(channel, queue, "a");
    for (const count of [1, 2, 3]) {
      const letter = await rejected(channel, { queue, dead });
      const expected = broker.release === "3.10" ? count : 1;
      assert.deepEqual(deaths(letter).map((death) => death.count), [expected]);
      channel.sendToQueue(queue, letter.content, { headers: letter.properties.headers ?? {} });
      await channel.waitForConfirms();
    }
  },
);

behaviour(
  "dying in another queue or for another reason adds to x-death, newest first",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const last = (await channel.assertQueue("", { exclusive: true })).queue;
    const second = (await channel.assertQueue("", {
      exclusive: true,
      deadLetterExchange: "",
      deadLetterRoutingKey: last,
      messageTtl: 20,
    })).queue;
    const first = (await channel.assertQueue("", {
      exclusive: true,
      deadLetterExchange: "",
      deadLetterRoutingKey: second,
    })).queue;
    const deliveries = await consume(channel, last);
    send(channel, first, "a");
    channel.reject(await get(channel, first, {}), false);
    const letter = await deliveries.next();
    assert.deepEqual(deaths(letter).map(({ queue, reason }) => [queue, reason]), [
      [second, "expired"],
      [first, "rejected"],
    ]);
    assert.equal(letter.properties.headers?.["x-first-death-queue"], first);
  },
);

behaviour("a dead letter of several copies dies on its own", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  const plain = (await channel.assertQueue("", { exclusive: true })).queue;
  channel.publish("", queue, Buffer.from("a"), { CC: [plain] });
  await rejected(channel, { queue, dead });
  assert.equal((await get(channel, plain)).properties.headers?.["x-death"], undefined);
});

behaviour("the keys of CC are told by x-death and not used again", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  const cc = (await channel.assertQueue("", { exclusive: true })).queue;
  channel.publish("", queue, Buffer.from("a"), { CC: [cc] });
  const letter = await rejected(channel, { queue, dead });
  assert.deepEqual(deaths(letter)[0]!["routing-keys"], [queue, cc]);
  assert.deepEqual(await drain(channel, cc), ["a"]);
});

behaviour(
  "x-death has the newest death first; 3.10 turns the order of the others each time",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const last = (await channel.assertQueue("", { exclusive: true })).queue;
    const queues: string[] = [];
    for (let next = last; queues.length < 4; next = queues[0]!) {
      const letters = { deadLetterExchange: "", deadLetterRoutingKey: next };
      const options = { exclusive: true, messageTtl: 1, ...letters };
      queues.unshift((await channel.assertQueue("", options)).queue);
    }
    const deliveries = await consume(channel, last);
    send(channel, queues[0]!, "a");
    const order = deaths(await deliveries.next()).map(({ queue }) => queues.indexOf(String(queue)));
    assert.deepEqual(order, broker.release === "3.10" ? [3, 1, 0, 2] : [3, 2, 1, 0]);
  },
);

behaviour(
  "deaths that a client made up are merged in 3.10, and replaced since 4.0",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const { queue, dead } = await withDeadLetters(channel);
    const old = { queue: "old", reason: "expired" };
    const headers = { "x-death": [old, old, { queue: "other", reason: "maxlen" }] };
    channel.sendToQueue(queue, Buffer.from("a"), { headers });
    const letter = await rejected(channel, { queue, dead });
    const told = deaths(letter).map(({ queue, count }) => [queue, count]);
    const isMerged = broker.release === "3.10";
    assert.deepEqual(told, isMerged ? [[queue, 1], ["other", 1], ["old", 2]] : [[queue, 1]]);
    const { headers: { "x-first-death-queue": first, "x-last-death-queue": last } = {} } =
      letter.properties;
    assert.deepEqual([first, last], isMerged ? [undefined, undefined] : [queue, queue]);
  },
);

behaviour("x-first-death headers of a client give way to the first death", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue, dead } = await withDeadLetters(channel);
  const headers = { "x-first-death-exchange": "mine", zoo: 1, ape: 2 };
  channel.sendToQueue(queue, Buffer.from("a"), { headers });
  const letter = (await rejected(channel, { queue, dead })).properties.headers!;
  assert.equal(letter["x-first-death-exchange"], "");
  assert.equal(letter["x-first-death-queue"], queue);
  assert.deepEqual(Object.keys(letter), Object.keys(letter).sort());
});

behaviour(
  "a count of deaths that a client wrote wraps in 3.10, and is not believed since 4.0",
  async (broker) => {
    await using peer = await AmqpPeer.open(broker.url);
    await peer.openChannel(1);
    const { queue: dead } = await peer.call(1, "queue.declare", { exclusive: true });
    for (const way of ["expired", "maxlen", "rejected"]) {
      const { queue } = await peer.call(1, "queue.declare", {
        exclusive: true,
        arguments: {
          "x-dead-letter-exchange": "",
          "x-dead-letter-routing-key": dead,
          ...way === "expired" ? { "x-message-ttl": 0 } : {},
          ...way === "maxlen" ? { "x-max-length": 0 } : {},
        },
      });
      const death = { queue, reason: way, count: 2n ** 63n - 1n, exchange: "" };
      const headers = { "x-death": [{ ...death, "routing-keys": [queue] }] };
      await peer.call(1, "basic.consume", { queue: dead, consumerTag: way, noAck: true });
      peer.publish(1, { routingKey: queue }, "a", { properties: { headers } });
      if (way === "rejected") {
        peer.send(1, "basic.get", { queue });
        const { deliveryTag } = (await peer.expectContent("basic.get-ok", 1)).method;
        peer.send(1, "basic.reject", { deliveryTag });
      }
      const { properties } = await peer.expectContent("basic.deliver", 1);
      const [told] = (properties.headers as Record<string, Record<string, unknown>[]>)["x-death"]!;
      assert.equal(told!.count, broker.release === "3.10" ? -(2 ** 63) : 1);
      await peer.call(1, "basic.cancel", { consumerTag: way });
    }
  },
);
