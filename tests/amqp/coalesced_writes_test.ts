/** What src/amqp relies upon inside amqplib. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { nextTick } from "node:process";
import { brokerTest } from "../support/brokers.ts";
import { WorkQueue } from "../support/work_queue.ts";

function socketOf({ connection }: WorkQueue): Socket {
  return (connection.model.connection as unknown as { stream: Socket }).stream;
}

brokerTest("what is sent leaves in one write, at the end of its turn", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const socket = socketOf(work);
  const writes: number[] = [];
  const { _writev } = socket;
  socket._writev = (chunks, written) => {
    writes.push(chunks.length);
    _writev!.call(socket, chunks, written);
  };
  for (const task of ["1", "2", "3"]) work.channel.raw.sendToQueue(work.name, Buffer.from(task));
  const { promise: turnEnded, resolve } = Promise.withResolvers<void>();
  nextTick(resolve);
  await turnEnded;
  assert.deepEqual(writes, [3]);
  socket._writev = _writev!;
  assert.equal(Buffer.from((await work.receive()).body).toString(), "1");
});

brokerTest("a publisher is told when to wait, and when to go on", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const { raw } = work.channel;
  const { promise: drained, resolve } = Promise.withResolvers<void>();
  raw.once("drain", resolve);
  const body = Buffer.alloc(100_000);
  let sent = 1;
  while (raw.sendToQueue(work.name, body)) sent++;
  assert.equal(socketOf(work).writableLength >= 1024 * 1024, true);
  await drained;
  await (raw as unknown as { waitForConfirms(): Promise<unknown> }).waitForConfirms();
  await broker.becomesReady(work.name, sent);
});
