/** Many clients at once on one broker. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import { Inbox } from "../support/inbox.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const CONNECTIONS = 500;
const CHANNELS = 4;

Deno.test(`${CONNECTIONS} connections with ${CHANNELS} channels each publish, consume and ack`, async () => {
  await using directory = await ScratchDirectory.make();
  await using broker = await BrokerProcess.start(directory.path);
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => broker.connect()),
  );
  const channels = (await Promise.all(
    connections.map((connection) =>
      Promise.all(Array.from({ length: CHANNELS }, () => connection.createConfirmChannel()))
    ),
  )).flat();
  await channels[0]!.assertQueue("shared", { durable: true });

  // Each on a queue of its own, and all on one: every message reaches someone, once.
  await Promise.all(channels.map((channel, index) => roundTrip(channel, `task ${index}`)));
  const shared = new Inbox<string>();
  await Promise.all(channels.map((channel) =>
    channel.consume("shared", (message) => {
      shared.push(message!.content.toString());
      channel.ack(message!);
    })
  ));
  for (const [index, channel] of channels.entries()) send(channel, "shared", `${index}`);
  const received: string[] = [];
  while (received.length < channels.length) received.push(await shared.next("a delivery"));
  assert.equal(new Set(received).size, channels.length);
  // amqplib may send connection.close before acks that wait on its channels: ask on each.
  await Promise.all(channels.map((channel) => channel.waitForConfirms()));
  await Promise.all(channels.map((channel) => channel.checkQueue("shared")));

  await Promise.all(connections.map((connection) => connection.close()));
  const late = await (await broker.connect()).createChannel();
  const { messageCount, consumerCount } = await late.checkQueue("shared");
  assert.deepEqual([messageCount, consumerCount], [0, 0]);
  assert.equal((await broker.stop()).code, 0);
});

async function roundTrip(channel: ConfirmChannel, body: string): Promise<void> {
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const deliveries = new Inbox<ConsumeMessage>();
  await channel.consume(queue, (message) => deliveries.push(message!));
  send(channel, queue, body);
  const message = await deliveries.next("its own message");
  assert.equal(message.content.toString(), body);
  channel.ack(message);
  await channel.waitForConfirms();
  assert.equal((await channel.checkQueue(queue)).messageCount, 0);
}

function send(channel: ConfirmChannel, queue: string, body: string): void {
  channel.sendToQueue(queue, Buffer.from(body), { persistent: true });
}
