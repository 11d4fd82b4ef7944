/** Limits and arguments that came with a release. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { behaviour } from "./brokers.ts";
import { channelRefused, confirmed, consume, get } from "./client.ts";

const SINCE_4_3 = { releases: ["4.3"] } as const;
const MEBIBYTE = 1_048_576;

behaviour("16 MiB are a message, and one octet more is only until 4.0", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  channel.sendToQueue(queue, Buffer.alloc(16 * MEBIBYTE));
  await channel.waitForConfirms();
  const send = () => channel.sendToQueue(queue, Buffer.alloc(16 * MEBIBYTE + 1));
  if (broker.release !== "3.10") return void await channelRefused(channel, 406, send);
  send();
  await channel.waitForConfirms();
});

behaviour("a topic pattern has two # at most since 4.3", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, "amq.topic", "#.a.#");
  const bind = () => channel.bindQueue(queue, "amq.topic", "#.a.#.b.#");
  if (broker.release !== "4.3") return void await bind();
  const refusal = await channelRefused(channel, 406, bind);
  assert.match(refusal.message, /uses 3 '#' wildcards, at most 2 are allowed/);
});

behaviour("x-queue-mode is checked until 4.0", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const options = { exclusive: true, arguments: { "x-queue-mode": "eager" } };
  if (broker.release === "4.3") await channel.assertQueue("", options);
  else await channelRefused(channel, 406, () => channel.assertQueue("", options));
});

for (const [which, delayed] of [["failed", "reject"], ["returned", "nack"]] as const) {
  behaviour(
    `x-delayed-retry-type ${which} holds back what a ${delayed} returns`,
    async (broker) => {
      await using client = await broker.connect();
      const channel = await client.channel();
      const queue = broker.queueName();
      const retry = { "x-delayed-retry-type": which, "x-delayed-retry-min": 400 };
      await channel.assertQueue(queue, { arguments: { "x-queue-type": "quorum", ...retry } });
      await confirmed(channel, { routingKey: queue }, "task");
      const other = delayed === "reject" ? "nack" : "reject";
      channel[other](await get(channel, queue, {}));
      const message = await get(channel, queue, {}); // at once
      channel[delayed](message);
      assert.equal(await channel.get(queue), false);
      const deliveries = await consume(channel, queue);
      assert.equal((await deliveries.next()).fields.redelivered, true);
    },
    SINCE_4_3,
  );
}

behaviour("a higher priority takes over a single active consumer since 4.0", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  const args = { "x-queue-type": "quorum", "x-single-active-consumer": true };
  await channel.assertQueue(queue, { arguments: args });
  const low = await consume(channel, queue);
  const high = await consume(channel, queue, { priority: 5 });
  await confirmed(channel, { routingKey: queue }, "task");
  const active = broker.release === "3.10" ? low : high;
  assert.deepEqual(await active.bodies(1), ["task"]);
});

behaviour("a transaction holds 10,000 publishes since 4.3", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.call(1, "tx.select");
  for (let n = 0; n < 10_000; n++) peer.publish(1, { routingKey: "nowhere" });
  await peer.call(1, "basic.qos");
  peer.publish(1, { routingKey: "nowhere" });
  const { replyText } = await peer.expectChannelClose(1, 406);
  assert.match(String(replyText), /maximum of 10000 uncommitted publishes/);
  await peer.close();
}, SINCE_4_3);

behaviour("a body of more than 512 MiB is refused at its header since 4.3", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "basic.publish", { routingKey: "nowhere" });
  peer.sendHeader(1, { bodySize: 512 * MEBIBYTE + 1 });
  if (broker.release === "4.3") return void await peer.expectConnectionClose(501);
  await peer.openChannel(2); // the connection goes on
});

behaviour("basic.cancel-ok of a client is not implemented until 4.0", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  await peer.call(1, "basic.consume", { queue, consumerTag: "c" });
  peer.send(1, "basic.cancel-ok", { consumerTag: "c" });
  if (broker.release !== "4.3") return void await peer.expectConnectionClose(503);
  const { consumerCount } = await peer.call(1, "queue.declare", { queue, passive: true });
  assert.equal(consumerCount, 0);
  await peer.close();
});

for (
  const [header, version, taken] of [
    ["AMQP\x01\x01\x00\x09", "0-9", ["3.10", "4.0", "4.3"]],
    ["AMQP\x01\x01\x09\x01", "8-0", ["3.10"]],
    ["AMQP\x01\x01\x08\x00", "8-0", ["3.10"]],
  ] as const
) {
  const text = JSON.stringify(header);
  behaviour(`the protocol header ${text} is taken by ${taken.join(", ")}`, async (broker) => {
    await using peer = await broker.dial();
    peer.sendBytes(Buffer.from(header, "latin1"));
    if (taken.some((release) => release === broker.release)) {
      const { versionMajor, versionMinor } = await peer.expect("connection.start");
      assert.equal(`${versionMajor}-${versionMinor}`, version);
    } else {
      await peer.refusals.next("the broker's header");
      await peer.expectEnd();
    }
  });
}

/** Arguments of a queue, and the releases that take them. */
const ARGUMENTS = [
  [{ "x-queue-version": 1 }, ["3.10", "4.0"]],
  [{ "x-queue-version": 2 }, ["3.10", "4.0", "4.3"]],
  [{ "x-queue-leader-locator": "client-local" }, ["4.0", "4.3"]],
  [{ "x-queue-leader-locator": "nearest" }, []],
  [{ "x-queue-type": "undefined" }, ["4.0", "4.3"]],
  [{ "x-queue-type": "" }, ["4.3"]],
] as const;

for (const [args, releases] of ARGUMENTS) {
  const takers = releases.join(", ") || "none";
  behaviour(`a queue with ${JSON.stringify(args)} is taken by ${takers}`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const options = { exclusive: true, arguments: args };
    const declare = () => channel.assertQueue(broker.queueName(), options);
    if (releases.some((release) => release === broker.release)) await declare();
    else await channelRefused(channel, 406, declare);
  });
}
