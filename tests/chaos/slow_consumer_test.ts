/** Consumers that are slow, or do not read at all, beside others that do. */
import assert from "node:assert/strict";
import { consume, type Deliveries, ready, send } from "../conformance/client.ts";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { eventually, within } from "../support/deadline.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { publishAll } from "./message_stream.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const MESSAGES = 3_000;
const PREFETCH = 10;
/** Enough to show where it stays: 200 MB. */
const LARGE_MESSAGES = 12_500;
const LARGE_BYTES = 16_384;
const LARGE_BATCH = 100;
/** What the two sockets' buffers hold, and the broker for a client that does not read. */
const MOST_UNREAD_BYTES = 20_000_000;
const MOST_MEMORY_BYTES = 300_000_000;

Deno.test("a slow consumer gets its prefetch and holds up nobody", async () => {
  await using directory = await ScratchDirectory.make();
  await using broker = await BrokerProcess.start(directory.path);
  const connection = await broker.connect();
  const channel = async () => await connection.createConfirmChannel();
  const publisher = await channel();
  await publisher.assertQueue("queue", { durable: true });
  const slowChannel = await channel();
  await slowChannel.prefetch(PREFETCH);
  const slow = await consume(slowChannel, "queue");
  const received: string[] = [];
  const rest = Promise.withResolvers<void>();
  for (let count = 0; count < 3; count++) {
    const fast = await channel();
    await fast.prefetch(PREFETCH);
    await fast.consume("queue", (message) => {
      received.push(message!.content.toString());
      fast.ack(message!);
      if (received.length === MESSAGES - PREFETCH) rest.resolve();
    });
  }
  send(publisher, "queue", ...Array.from({ length: MESSAGES }, (_, index) => `${index}`));
  await within(rest.promise, "all that the slow one does not hold");
  const held = await slow.take(PREFETCH);
  await slow.none();
  assert.equal(new Set([...received, ...held.map(({ content }) => `${content}`)]).size, MESSAGES);
  slowChannel.ack(held.at(-1)!, true);
  await slow.none();
  assert.equal(await ready(publisher, "queue"), 0);
  await connection.close();
  assert.equal((await broker.stop()).code, 0);
});

Deno.test("a consumer that does not read takes little, and the others get the rest", async () => {
  await using directory = await ScratchDirectory.make();
  await using broker = await BrokerProcess.start(directory.path);
  const connection = await broker.connect();
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("shared");
  await channel.assertQueue("its own");

  await using unreading = await AmqpPeer.open(broker.url);
  await unreading.openChannel(1);
  unreading.detach();
  for (const queue of ["shared", "its own"]) {
    unreading.send(1, "basic.consume", { queue, consumerTag: queue, noAck: true });
  }
  await eventually("its second consumer", async () => {
    return (await channel.checkQueue("its own")).consumerCount === 1;
  });
  const reading = await consume(channel, "shared", { noAck: true });

  await using publisher = await AmqpPeer.open(broker.url);
  await publisher.openChannel(1);
  await publisher.call(1, "confirm.select");
  for (let sent = 0; sent < LARGE_MESSAGES; sent += LARGE_BATCH) {
    await publishAll(publisher, sent, LARGE_BATCH, {
      publish: { routingKey: "shared" },
      bodyBytes: LARGE_BYTES,
    });
  }
  assert.equal(await ready(channel, "shared"), 0);
  const taken = LARGE_MESSAGES - await arrived(reading);
  assert(taken * LARGE_BYTES < MOST_UNREAD_BYTES, `${taken} messages went to who does not read`);
  assert(taken > 0, "the other one consumed nothing at all");

  // What comes for it alone waits in the queue.
  send(channel, "its own", "waiting");
  assert.equal(await ready(channel, "its own"), 1);
  const memoryBytes = await broker.peakMemoryBytes();
  assert(memoryBytes < MOST_MEMORY_BYTES, `it took ${memoryBytes} octets`);
  await unreading[Symbol.asyncDispose]();
  await connection.close();
  assert.equal((await broker.stop()).code, 0);
});

/** How many deliveries came by now: the answers come after them. */
async function arrived(deliveries: Deliveries): Promise<number> {
  await deliveries.channel.checkQueue(deliveries.queue);
  return deliveries.size;
}
