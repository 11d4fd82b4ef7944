/** A queue that nobody consumed for long. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { within } from "../support/deadline.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { NumberReader, publishAll } from "./message_stream.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const MESSAGES = 1_000_000;
const BATCH = 50_000;
const ACK_EVERY = 5_000;
const DEADLINE_MS = 60_000;
const MOST_MEMORY_BYTES = 1024 ** 3;

Deno.test("a million persistent messages are counted, outlive a crash, and drain in order", async () => {
  await using directory = await ScratchDirectory.make();
  {
    await using broker = await BrokerProcess.start(directory.path);
    await using peer = await AmqpPeer.open(broker.url);
    await peer.openChannel(1);
    await peer.call(1, "queue.declare", { queue: "queue", durable: true });
    await peer.call(1, "confirm.select");
    const options = { publish: { routingKey: "queue" }, properties: { deliveryMode: 2 } };
    for (let sent = 0; sent < MESSAGES; sent += BATCH) {
      await publishAll(peer, sent, BATCH, options);
      assert.equal(await ready(peer), sent + BATCH);
    }
    mustBeSmall(await broker.peakMemoryBytes());
    broker.kill();
    await broker.exited;
  }
  await using broker = await BrokerProcess.start(directory.path);
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  assert.equal(await ready(peer), MESSAGES);
  await drain(peer);
  await using after = await AmqpPeer.open(broker.url);
  await after.openChannel(1);
  assert.equal(await ready(after), 0);
  mustBeSmall(await broker.peakMemoryBytes());
  await after.close();
  assert.equal((await broker.stop()).code, 0);
});

/** Consumes all, in order, with an ack for many at a time; resolves when the last is acked. */
async function drain(peer: AmqpPeer): Promise<void> {
  await peer.call(1, "basic.qos", { prefetchCount: 2 * ACK_EVERY });
  const socket = peer.detach();
  const last = Promise.withResolvers<void>();
  let next = 0;
  const reader = new NumberReader((number) => {
    if (number !== next) {
      last.reject(new Error(`message ${number} came when it was ${next}'s turn`));
    }
    next++;
    if (next % ACK_EVERY === 0) peer.send(1, "basic.ack", { deliveryTag: next, multiple: true });
    if (next === MESSAGES) last.resolve();
  });
  socket.on("data", (chunk) => reader.push(chunk)).resume();
  peer.send(1, "basic.consume", { queue: "queue" });
  await within(last.promise, "the last message", DEADLINE_MS);
  peer.send(1, "channel.close", {});
  await within(once(socket, "data"), "channel.close-ok"); // channel.close-ok: the acks are written
}

async function ready(peer: AmqpPeer): Promise<number> {
  const { messageCount } = await peer.call(1, "queue.declare", { queue: "queue", passive: true });
  return Number(messageCount);
}

function mustBeSmall(memoryBytes: number): void {
  assert(memoryBytes < MOST_MEMORY_BYTES, `it took ${Math.round(memoryBytes / 1e6)} MB`);
}
