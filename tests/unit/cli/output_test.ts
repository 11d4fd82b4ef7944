import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { Output, OutputFailed, type Write } from "../../../src/cli/output/output.ts";

/** A sink that takes one write at a time and finishes it when told. */
function sink() {
  const writes: string[] = [];
  let finish: ((error?: NodeJS.ErrnoException) => void) | undefined;
  const write: Write = (bytes, written) => {
    assert.equal(finish, undefined, "one write at a time");
    writes.push(new TextDecoder().decode(bytes));
    finish = written;
  };
  return {
    writes,
    write,
    finish(error?: NodeJS.ErrnoException) {
      const done = finish!;
      finish = undefined;
      done(error);
    },
  };
}

Deno.test("what comes in one turn is one write, and what comes meanwhile the next", async () => {
  const { writes, write, finish } = sink();
  const output = new Output(write);
  output.write("a");
  output.write("b");
  await turn();
  output.write("c");
  output.write("d");
  let told = "";
  const first = output.flushed().then(() => told += "flushed");
  finish();
  await turn();
  assert.deepEqual(writes, ["ab", "cd"]);
  assert.equal(told, "");
  finish();
  await first;
  assert.equal(told, "flushed");
});

Deno.test("a failure reaches everyone who waits, now and later", async () => {
  const { write, finish } = sink();
  const output = new Output(write);
  output.write("lost");
  const flushed = output.flushed();
  await turn();
  finish(Object.assign(new Error("gone"), { code: "EPIPE" }));
  await assert.rejects(flushed, (error) => error instanceof OutputFailed && error.code === "EPIPE");
  output.write("ignored");
  await assert.rejects(output.flushed(), OutputFailed);
  await assert.rejects(output.room()!, OutputFailed);
});

Deno.test("there is room until much is pending", async () => {
  const { write, finish } = sink();
  const output = new Output(write);
  output.write("x".repeat(1_000));
  assert.equal(output.room(), undefined);
  output.write("x".repeat(300_000));
  await turn();
  const room = output.room();
  assert.notEqual(room, undefined);
  finish();
  await room;
  assert.equal(output.room(), undefined);
});

/** Output is written once a turn of the event loop. */
function turn(): Promise<void> {
  return setImmediate();
}
