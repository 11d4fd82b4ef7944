/** Exchange to exchange bindings and alternate exchanges (RabbitMQ's extensions e2e and ae). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ConfirmChannel, Options } from "amqplib";
import { behaviour, type Broker } from "./brokers.ts";
import { channelRefused, drain, ready } from "./client.ts";

behaviour("a message passes from exchange to exchange by the binding's key", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const source = await exchange(broker, channel, "topic");
  const destination = await exchange(broker, channel, "direct");
  const queue = await queueBoundTo(channel, destination, "a.b");
  await channel.bindExchange(destination, source, "a.*");
  for (const key of ["a.b", "a.c", "b.b"]) channel.publish(source, key, Buffer.from(key));
  assert.deepEqual(await drain(channel, queue), ["a.b"]);
});

behaviour("a queue reached on two ways gets one copy", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const source = await exchange(broker, channel, "fanout");
  const queue = await queueBoundTo(channel, source, "");
  for (let i = 0; i < 2; i++) {
    const between = await exchange(broker, channel, "fanout");
    await channel.bindExchange(between, source, "");
    await channel.bindQueue(queue, between, "");
  }
  channel.publish(source, "", Buffer.from("once"));
  assert.deepEqual(await drain(channel, queue), ["once"]);
});

behaviour("exchanges bound in a circle deliver once", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const [one, two] = [
    await exchange(broker, channel, "fanout"),
    await exchange(broker, channel, "fanout"),
  ];
  await channel.bindExchange(one, two, "");
  await channel.bindExchange(two, one, "");
  const queue = await queueBoundTo(channel, two, "");
  channel.publish(one, "", Buffer.from("once"));
  assert.deepEqual(await drain(channel, queue), ["once"]);
});

behaviour("an internal exchange gets messages from another exchange", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const source = await exchange(broker, channel, "fanout");
  const inner = await exchange(broker, channel, "fanout", { internal: true });
  const queue = await queueBoundTo(channel, inner, "");
  await channel.bindExchange(inner, source, "");
  channel.publish(source, "", Buffer.from("x"));
  assert.equal(await ready(channel, queue), 1);
});

behaviour("an exchange unbound from another gets nothing more", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const source = await exchange(broker, channel, "fanout");
  const destination = await exchange(broker, channel, "fanout");
  const queue = await queueBoundTo(channel, destination, "");
  await channel.bindExchange(destination, source, "");
  await channel.unbindExchange(destination, source, "");
  channel.publish(source, "", Buffer.from("x"));
  assert.equal(await ready(channel, queue), 0);
});

behaviour("binding to or from a missing exchange is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const missing = broker.exchangeName();
  for (const [destination, source] of [[missing, "amq.fanout"], ["amq.fanout", missing]] as const) {
    const channel = await client.channel();
    await channelRefused(channel, 404, () => channel.bindExchange(destination, source, ""));
  }
});

behaviour("binding to or from the default exchange is refused with 403", async (broker) => {
  await using client = await broker.connect();
  for (const [destination, source] of [["", "amq.fanout"], ["amq.fanout", ""]] as const) {
    const channel = await client.channel();
    await channelRefused(channel, 403, () => channel.bindExchange(destination, source, ""));
  }
});

behaviour("an auto-delete source goes with its last exchange binding", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const source = await exchange(broker, channel, "fanout", { autoDelete: true });
  const destination = await exchange(broker, channel, "fanout");
  await channel.bindExchange(destination, source, "");
  await channel.deleteExchange(destination);
  await channelRefused(channel, 404, () => channel.checkExchange(source));
});

behaviour("deleting if-unused looks at what is bound to the exchange", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const source = await exchange(broker, channel, "fanout");
  const destination = await exchange(broker, channel, "fanout");
  await channel.bindExchange(destination, source, "");
  await channel.deleteExchange(destination, { ifUnused: true }); // only a destination: unused
  await channel.checkExchange(source);
});

behaviour("what an exchange cannot route goes to its alternate exchange", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const alternate = await exchange(broker, channel, "fanout");
  const other = await queueBoundTo(channel, alternate, "");
  const main = await exchange(broker, channel, "direct", { alternateExchange: alternate });
  const queue = await queueBoundTo(channel, main, "a");
  for (const key of ["a", "b"]) channel.publish(main, key, Buffer.from(key));
  assert.deepEqual([await drain(channel, queue), await drain(channel, other)], [["a"], ["b"]]);
});

behaviour(
  "an alternate exchange gets nothing if any of the keys in CC is bound",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const alternate = await exchange(broker, channel, "fanout");
    const other = await queueBoundTo(channel, alternate, "");
    const main = await exchange(broker, channel, "direct", { alternateExchange: alternate });
    const queue = await queueBoundTo(channel, main, "bound");
    channel.publish(main, "bound", Buffer.from("1"), { CC: ["not bound"] });
    channel.publish(main, "not bound", Buffer.from("2"), { BCC: ["bound"] });
    channel.publish(main, "not bound", Buffer.from("3"), { CC: ["not bound either"] });
    assert.equal(await ready(channel, queue), 2);
    assert.deepEqual(await drain(channel, other), ["3"]);
  },
);

behaviour("every exchange on the way sees all keys of CC and BCC", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const [first, second] = [
    await exchange(broker, channel, "direct"),
    await exchange(broker, channel, "topic"),
  ];
  await channel.bindExchange(second, first, "way");
  const queue = await queueBoundTo(channel, second, "goal");
  channel.publish(first, "way", Buffer.from("1"), { CC: ["goal"] });
  channel.publish(first, "", Buffer.from("2"), { CC: ["way"], BCC: ["goal"] });
  await channel.waitForConfirms();
  assert.deepEqual(await drain(channel, queue), ["1", "2"]);
});

behaviour("an alternate exchange may have its own alternate", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const last = await exchange(broker, channel, "fanout");
  const queue = await queueBoundTo(channel, last, "");
  const middle = await exchange(broker, channel, "direct", { alternateExchange: last });
  const first = await exchange(broker, channel, "direct", { alternateExchange: middle });
  channel.publish(first, "a", Buffer.from("x"));
  assert.equal(await ready(channel, queue), 1);
});

behaviour("a missing alternate exchange drops what cannot be routed", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const missing = broker.exchangeName();
  const main = await exchange(broker, channel, "direct", { alternateExchange: missing });
  channel.publish(main, "a", Buffer.from("x"));
  await channel.checkExchange(main);
});

behaviour("alternate exchanges in a circle drop what cannot be routed", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const [one, two] = [broker.exchangeName(), broker.exchangeName()];
  const options = { durable: false };
  await channel.assertExchange(one, "direct", { ...options, alternateExchange: two });
  await channel.assertExchange(two, "direct", { ...options, alternateExchange: one });
  channel.publish(one, "a", Buffer.from("x"));
  await channel.checkExchange(one);
});

behaviour("a mandatory message that the alternate routes is not returned", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const alternate = await exchange(broker, channel, "fanout");
  const queue = await queueBoundTo(channel, alternate, "");
  const main = await exchange(broker, channel, "direct", { alternateExchange: alternate });
  channel.on("return", () => assert.fail("the message was returned"));
  channel.publish(main, "a", Buffer.from("x"), { mandatory: true });
  assert.equal(await ready(channel, queue), 1);
});

async function exchange(
  broker: Broker,
  channel: ConfirmChannel,
  type: string,
  options: Options.AssertExchange = {},
): Promise<string> {
  const name = broker.exchangeName();
  await channel.assertExchange(name, type, { durable: false, ...options });
  return name;
}

async function queueBoundTo(
  channel: ConfirmChannel,
  exchange: string,
  key: string,
): Promise<string> {
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, exchange, key);
  return queue;
}

behaviour("the default exchange is nobody's alternate", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const main = await exchange(broker, channel, "direct", { alternateExchange: "" });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  channel.publish(main, queue, Buffer.from("x"));
  assert.equal(await ready(channel, queue), 0);
});
