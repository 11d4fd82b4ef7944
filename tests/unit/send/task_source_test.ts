import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { isBulk, NoSuchLine, readTasks, type TaskSource } from "../../../src/send/task_source.ts";
import { holds } from "../../support/property.ts";

async function* chunksOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function read(source: TaskSource, chunks: readonly Uint8Array[] = [], bytes?: number) {
  return await Array.fromAsync(readTasks(source, chunksOf(chunks), bytes));
}

Deno.test("lines are the same however the input is cut into chunks", async () => {
  const bytes = fc.array(fc.constantFrom(10, 0, 65, 255), { maxLength: 60 });
  const cuts = fc.array(fc.nat(60), { maxLength: 8 });
  const separator = fc.constantFrom("\n" as const, "\0" as const);
  const from = fc.integer({ min: 1, max: 8 });
  await holds(
    fc.asyncProperty(bytes, cuts, separator, from, async (input, cuts, separator, from) => {
      const at = [...cuts.filter((cut) => cut <= input.length), 0, input.length].sort((a, b) =>
        a - b
      );
      const chunks = at.slice(1).map((end, n) => Uint8Array.from(input.slice(at[n], end)));
      const lines = Buffer.from(input).toString("latin1").split(separator);
      if (lines.at(-1) === "") lines.pop(); // what follows the last separator is no task
      const reading = read({ kind: "lines", separator, fromLine: from }, chunks);
      if (from > lines.length + 1) return await assert.rejects(reading, NoSuchLine);
      const tasks = await reading;
      const found = tasks.map(({ body, line }) => [line, Buffer.from(body).toString("latin1")]);
      assert.deepEqual(found, lines.map((line, n) => [n + 1, line]).slice(from - 1));
    }),
  );
});

Deno.test("the whole input is one task, also when it is empty", async () => {
  const chunks = ["a\n", "", "b\0"].map((text) => new TextEncoder().encode(text));
  const [task, ...others] = await read({ kind: "input" }, chunks);
  assert.equal(Buffer.from(task!.body).toString(), "a\nb\0");
  assert.equal(others.length, 0);
  assert.equal((await read({ kind: "input" }))[0]!.body.byteLength, 0);
});

Deno.test("a numbered text counts from 1, another stays as it is", async () => {
  const texts = async (numbered: boolean) =>
    (await read({ kind: "text", text: "{n}:{n}", count: 2, numbered }))
      .map(({ body }) => Buffer.from(body).toString());
  assert.deepEqual(await texts(true), ["1:1", "2:2"]);
  assert.deepEqual(await texts(false), ["{n}:{n}", "{n}:{n}"]);
});

Deno.test("progress ends at 1 where the size is known", async () => {
  const chunks = ["a\nb\n", "c"].map((text) => new TextEncoder().encode(text));
  const source = { kind: "lines", separator: "\n", fromLine: 1 } as const;
  const known = await read(source, chunks, 5);
  assert.deepEqual(known.map(({ progress }) => progress), [0.8, 0.8, 1]);
  const unknown = await read(source, chunks);
  assert.equal(unknown[0]!.progress, undefined);
});

Deno.test("what can give more than one task is bulk", () => {
  assert.ok(isBulk({ kind: "lines", separator: "\n", fromLine: 1 }));
  assert.ok(isBulk({ kind: "files", paths: ["a", "b"] }));
  assert.ok(isBulk({ kind: "text", text: "", count: 2, numbered: true }));
  assert.ok(!isBulk({ kind: "text", text: "", count: 1, numbered: true }));
  assert.ok(!isBulk({ kind: "files", paths: ["a"] }));
  assert.ok(!isBulk({ kind: "input" }));
});
