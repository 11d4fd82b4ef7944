import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Tail } from "../../../../src/work/exec/tail.ts";
import { utf8Text } from "../../../../src/retry/utf8.ts";
import { WholeLines } from "../../../../src/work/exec/whole_lines.ts";
import { holds } from "../../../support/property.ts";

const LINE_BYTES = 64 * 1024;

/** Feeds all of it in chunks that end at these places. */
function chunked(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  places.sort((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

function linesOf(chunks: readonly Uint8Array[]): Uint8Array[] {
  const lines = new WholeLines({ mixed: true });
  return [...chunks.map((chunk) => lines.push(chunk)), lines.end()].filter((some) => !!some);
}

Deno.test("lines come whole, however the bytes come", async () => {
  const anyBytes = fc.uint8Array({ maxLength: 400 }).map((bytes) => bytes.map((byte) => byte % 12));
  await holds(fc.property(anyBytes, fc.array(fc.nat()), (bytes, cuts) => {
    const passed = linesOf(chunked(bytes, cuts));
    for (const lines of passed) assert.equal(lines.at(-1), 10);
    const closed = bytes.length === 0 || bytes.at(-1) === 10 ? [] : [10];
    assert.deepEqual([...Buffer.concat(passed)], [...bytes, ...closed]);
  }));
});

Deno.test("where nothing comes between, nothing is added", async () => {
  await holds(fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat()), (some, cuts) => {
    const bytes = Buffer.concat([some, Buffer.alloc(3 * LINE_BYTES, 0x78), some]);
    const lines = new WholeLines({ mixed: false });
    const passed = chunked(bytes, cuts).map((chunk) => lines.push(chunk) ?? Buffer.alloc(0));
    assert.ok(Buffer.concat([...passed, lines.end() ?? Buffer.alloc(0)]).equals(bytes));
  }));
});

Deno.test("a line is passed on when its newline comes, not later", () => {
  const lines = new WholeLines({ mixed: true });
  assert.equal(lines.push(Buffer.from("a")), undefined);
  assert.equal(Buffer.from(lines.push(Buffer.from("b\nc\nd"))!).toString(), "ab\nc\n");
  assert.equal(Buffer.from(lines.end()!).toString(), "d\n");
  assert.equal(lines.end(), undefined);
});

Deno.test("a line that is too long comes in pieces, of whole characters", async () => {
  const oneLine = fc.tuple(
    fc.array(fc.constantFrom("x", "é", "€", "😀"), { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 5_000, max: 60_000 }),
    fc.array(fc.nat(), { maxLength: 8 }),
  );
  await holds(
    fc.property(oneLine, ([characters, times, cuts]) => {
      const line = characters.join("").repeat(times);
      const passed = Buffer.concat(linesOf(chunked(Buffer.from(`${line}\nnext\n`), cuts)));
      const text = utf8Text(passed);
      assert.ok(text !== undefined, "no character is torn");
      const pieces = text.split("\n");
      assert.deepEqual(pieces.splice(-2), ["next", ""]);
      assert.equal(pieces.join(""), line);
      for (const piece of pieces) {
        const bytes = Buffer.byteLength(piece);
        assert.ok(bytes <= LINE_BYTES, `${bytes}`);
      }
      for (const piece of pieces.slice(0, -1)) {
        assert.ok(Buffer.byteLength(piece) > LINE_BYTES - 4, "no smaller than needed");
      }
    }),
    { runs: 20 },
  );
});

Deno.test("a long line without any character's start is still cut", () => {
  const passed = linesOf([Buffer.alloc(3 * LINE_BYTES, 0x80)]);
  const bytes = Buffer.concat(passed);
  assert.equal(bytes.filter((byte) => byte === 0x80).length, 3 * LINE_BYTES);
  assert.equal(bytes.filter((byte) => byte === 10).length, 3);
});

Deno.test("a tail is the end of the text, from a whole character", async () => {
  const text = fc.string({ unit: "grapheme", maxLength: 60 });
  await holds(
    fc.property(text, fc.array(fc.nat()), fc.integer({ min: 4, max: 40 }), (all, cuts, max) => {
      const tail = new Tail(max);
      for (const chunk of chunked(Buffer.from(all), cuts)) tail.push(chunk);
      const kept = tail.text();
      assert.ok(all.endsWith(kept));
      assert.ok(Buffer.byteLength(kept) <= max);
      assert.ok(Buffer.byteLength(kept) > Math.min(max, Buffer.byteLength(all)) - 4);
    }),
  );
});

Deno.test("a tail of any bytes is text of so many bytes at the most", async () => {
  await holds(
    fc.property(fc.array(fc.uint8Array()), fc.integer({ min: 4, max: 40 }), (chunks, max) => {
      const tail = new Tail(max);
      for (const chunk of chunks) tail.push(chunk);
      assert.ok(Buffer.byteLength(tail.text()) <= max);
    }),
  );
});
