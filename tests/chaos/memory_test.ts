/**
 * Clients that make the broker hold more than it may, each in another way: what the process takes
 * stays within what docs/broker.md promises, and others go on when it is over.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { confirmed } from "../conformance/client.ts";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { eventually } from "../support/deadline.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const MIB = 1024 * 1024;
const LIMIT_MIB = 32;
const MOST_MEMORY_BYTES = 1.25 * LIMIT_MIB * MIB + 64_000_000;
const FRAMES = { bodyFrameBytes: 131_064 };
/** On each connection: as many as channel-max allows, about. */
const CHANNELS = 2_000;
/** At least. */
const CHANNEL_BYTES = 500;
/** More than the limit has room for, at some 35 KB each. */
const CONNECTIONS = 1_100;
/** Reply code (section 1.2, constants). */
const RESOURCE_ERROR = 506;
const MEGABYTE = Buffer.alloc(MIB);

function held(name: string, attack: (broker: BrokerProcess) => Promise<void>): void {
  Deno.test(`memory is bounded: ${name}`, async () => {
    await using directory = await ScratchDirectory.make();
    const options = ["--max-memory", `${LIMIT_MIB}MiB`];
    await using broker = await BrokerProcess.start(directory.path, options);
    await attack(broker);
    const connection = await broker.connect();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("others");
    assert.equal(await confirmed(channel, { routingKey: "others" }, "x"), "ack");
    await connection.close();
    const memoryBytes = await broker.peakMemoryBytes();
    assert(memoryBytes < MOST_MEMORY_BYTES, `it took ${memoryBytes} octets`);
    assert.equal((await broker.stop()).code, 0);
  });
}

held("a client gets the same large message again and again, and does not read", async (broker) => {
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  await peer.call(1, "confirm.select");
  peer.publish(1, { routingKey: queue }, MEGABYTE, FRAMES);
  await peer.expect("basic.ack", 1);
  peer.together(() => {
    for (let deliveryTag = 1; deliveryTag <= 400; deliveryTag++) {
      peer.send(1, "basic.get", { queue });
      peer.send(1, "basic.nack", { deliveryTag, requeue: true });
    }
    peer.detach();
  });
  for (let round = 0; round < 3; round++) await (await AmqpPeer.open(broker.url)).close();
});

held("a consumer of direct replies that does not read loses its connection", async (broker) => {
  await using unreading = await AmqpPeer.open(broker.url);
  await unreading.openChannel(1);
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", {});
  const replyTo = "amq.rabbitmq.reply-to";
  await unreading.call(1, "basic.consume", { queue: replyTo, noAck: true });
  unreading.publish(1, { routingKey: queue }, "x", { properties: { replyTo } });
  await peer.call(1, "basic.consume", { queue });
  const { properties } = await peer.expectContent("basic.deliver", 1);
  unreading.detach();
  for (let reply = 0; reply < LIMIT_MIB + 16; reply++) {
    peer.publish(1, { routingKey: properties.replyTo }, MEGABYTE, FRAMES);
  }
  await broker.logged(/memory is short, and the client does not read/);
});

held("a transaction that is never committed is refused", async (broker) => {
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  await peer.call(1, "tx.select");
  for (let task = 0; task < LIMIT_MIB + 2; task++) {
    peer.publish(1, { routingKey: queue }, MEGABYTE, FRAMES);
  }
  await expectRefusal(peer, 1);
  await peer.openChannel(2);
  assert.equal((await peer.call(2, "queue.declare", { queue, passive: true })).messageCount, 0);
});

held("of bodies that never come whole, the largest is refused", async (broker) => {
  await using peer = await AmqpPeer.open(broker.url);
  for (const channel of [1, 2, 3]) {
    await peer.openChannel(channel);
    peer.send(channel, "basic.publish", { routingKey: "nowhere" });
    peer.sendHeader(channel, { bodySize: 16 * MIB });
    const frames = (channel === 2 ? 15 : 11) * 8;
    for (let frame = 0; frame < frames; frame++) {
      peer.sendBody(channel, MEGABYTE.subarray(0, 131_064));
    }
  }
  await expectRefusal(peer, 2);
});

held("a body of single octets keeps nothing of what comes between them", async (broker) => {
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  peer.send(1, "basic.publish", { routingKey: "nowhere" });
  peer.sendHeader(1, { bodySize: MIB });
  const heartbeat = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]);
  const between = Buffer.alloc(65_536, heartbeat);
  for (let octet = 0; octet < 1_500; octet++) {
    peer.sendBody(1, "x");
    peer.sendBytes(between);
  }
  await peer.openChannel(2);
});

held("definitions without end are refused", async (broker) => {
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  const table = { x: "y".repeat(100_000) };
  for (let name = 0; name < 500; name++) {
    const exchange = { exchange: `${name}`, type: "direct", noWait: true, arguments: table };
    peer.send(1, "exchange.declare", { ...exchange, autoDelete: true });
  }
  await expectRefusal(peer, 1);
  // As long as they are there, they fill it.
  await peer.openChannel(2);
  for (let name = 0; name < 400; name++) {
    peer.send(2, "exchange.delete", { exchange: `${name}`, noWait: true });
  }
});

held("the entries of a fanout count: publishers are blocked, and go on", async (broker) => {
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  await peer.call(1, "exchange.declare", { exchange: "wide", type: "fanout" });
  const queues = Array.from({ length: 500 }, (_, number) => `wide-${number}`);
  for (const queue of queues) {
    peer.send(1, "queue.declare", { queue, noWait: true });
    peer.send(1, "queue.bind", { queue, exchange: "wide", noWait: true });
  }
  await using publisher = await AmqpPeer.open(broker.url);
  await publisher.openChannel(1);
  await peer.call(1, "queue.declare", { queue: queues.at(-1)!, passive: true });
  publisher.together(() => {
    for (let message = 0; message < 3_000; message++) {
      publisher.publish(1, { exchange: "wide" }, "small");
    }
  });
  await broker.logged(/publishers blocked: /);
  for (const queue of queues) peer.send(1, "queue.delete", { queue, noWait: true });
  await broker.logged(/publishers go on: /);
});

held("channels that do nothing count: no more are opened", async (broker) => {
  await using peers = new AsyncDisposableStack();
  for (let left = LIMIT_MIB * MIB; left > 0; left -= CHANNELS * CHANNEL_BYTES) {
    const peer = peers.use(await AmqpPeer.open(broker.url));
    peer.together(() => {
      for (let channel = 1; channel <= CHANNELS; channel++) peer.send(channel, "channel.open");
    });
    for (let channel = 1; channel <= CHANNELS; channel++) {
      const frame = await peer.nextFrame("channel.open-ok or connection.close");
      if (frame.channel !== 0) continue;
      assert.equal(frame.payload.readUInt16BE(4), RESOURCE_ERROR);
      return await peers.disposeAsync().then(() => untilServed(broker));
    }
  }
  assert.fail("all were opened");
});

held("connections that do nothing count: no more are let in", async (broker) => {
  await using peers = new AsyncDisposableStack();
  const refused = broker.logged(/^no room for more connections: \d+ are open, and memory is short/);
  for (let connection = 0; connection < CONNECTIONS; connection++) {
    peers.use(await AmqpPeer.dial(broker.url));
  }
  await refused;
  await peers.disposeAsync();
  await untilServed(broker);
});

/** The broker may hear later than we of connections that were closed. */
async function untilServed(broker: BrokerProcess): Promise<void> {
  await eventually("a connection to be let in", async () => {
    try {
      await (await AmqpPeer.open(broker.url)).close();
      return true;
    } catch {
      return false;
    }
  });
}

async function expectRefusal(peer: AmqpPeer, channel: number): Promise<void> {
  const { replyText } = await peer.expectChannelClose(channel, 406);
  assert.match(String(replyText), /^PRECONDITION_FAILED - .*resource alarm/);
}
