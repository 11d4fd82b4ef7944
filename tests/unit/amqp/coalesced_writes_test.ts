import assert from "node:assert/strict";
import { once } from "node:events";
import { Writable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { coalesceWrites } from "../../../src/amqp/coalesced_writes.ts";

/** A socket that notes the sizes of what reaches the system, coalesced as amqplib's would be. */
function coalescedSocket(highWaterMark: number) {
  const writes: number[] = [];
  const socket = new Writable({
    highWaterMark,
    write(chunk, _encoding, written) {
      writes.push(chunk.length);
      written();
    },
    writev(chunks, written) {
      writes.push(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
      written();
    },
  });
  coalesceWrites(
    { connection: { stream: socket } } as unknown as Parameters<typeof coalesceWrites>[0],
  );
  return { socket, writes };
}

Deno.test("what is written in one turn is one write, and is not held back longer", async () => {
  const { socket, writes } = coalescedSocket(1_000);
  for (let n = 0; n < 5; n++) socket.write("frame");
  assert.deepEqual(writes, []);
  await setImmediate();
  assert.deepEqual(writes, [25]);
  socket.write("frame");
  await setImmediate();
  assert.deepEqual(writes, [25, 5]);
});

Deno.test("a full socket still says so, and when it has room again", async () => {
  const { socket } = coalescedSocket(10);
  assert.equal(socket.write("123456"), true);
  assert.equal(socket.write("123456"), false);
  await once(socket, "drain");
  assert.equal(socket.write("123456"), true);
});

Deno.test("what was written before the end is written", async () => {
  const { socket, writes } = coalescedSocket(1_000);
  socket.write("frame");
  socket.end("last");
  await once(socket, "finish");
  assert.equal(writes.reduce((sum, size) => sum + size, 0), 9);
});

Deno.test("a connection that hides its socket is left alone", () => {
  coalesceWrites({ connection: {} } as unknown as Parameters<typeof coalesceWrites>[0]);
});
