import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { jsonBody, quotedBody } from "../../src/cli/body.ts";
import { countDots } from "../../src/worker/dots.ts";
import { holds } from "../support/property.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("JSON bodies give back the bytes", async () => {
  await holds(fc.property(fc.uint8Array(), (bytes) => {
    const { body, encoding } = JSON.parse(JSON.stringify(jsonBody(bytes)));
    assert.deepEqual(Buffer.from(body, encoding ?? "utf8"), Buffer.from(bytes));
  }));
  assert.deepEqual(jsonBody(utf8("\ufeffbom")), { body: "\ufeffbom" });
});

Deno.test("a printed body holds no control characters, whatever its bytes", async () => {
  await holds(fc.property(fc.uint8Array(), fc.integer({ min: 4, max: 50 }), (bytes, maxBytes) => {
    // deno-lint-ignore no-control-regex -- they are what must not be there
    assert.doesNotMatch(quotedBody(bytes, maxBytes), /[\x00-\x1f\x7f-\x9f]/);
  }));
});

Deno.test("text is printed as it is, in quotes", () => {
  assert.equal(quotedBody(utf8("Fünf 'Äpfel' 🍎…"), 100), "'Fünf 'Äpfel' 🍎…'");
  assert.equal(quotedBody(utf8("a\tb\r\n\x1b\x7f"), 100), "'a\\tb\\r\\n\\x1b\\x7f'");
  assert.equal(quotedBody(Uint8Array.of(0x66, 0xff), 100), "'f\\xff'");
  assert.equal(quotedBody(utf8("abc\u202edef"), 100), "'abc\\u202edef'");
});

Deno.test("a long body is cut between characters, and its size told", () => {
  for (const maxBytes of [4, 5, 6, 7]) {
    assert.equal(quotedBody(utf8("🍎🍎🍎"), maxBytes), "'🍎…' (12 bytes)");
  }
  assert.equal(quotedBody(utf8("🍎🍎🍎"), 12), "'🍎🍎🍎'");
});

Deno.test("dots are counted in bytes", () => {
  assert.equal(countDots(utf8("A very hard task..")), 2);
  assert.equal(countDots(Uint8Array.of(0xff, 0x2e, 0x00, 0x2e)), 2);
  assert.equal(countDots(utf8("…")), 0);
});
