import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import stringWidth from "string-width";
import { jsonBody, quotedBody } from "../../../src/cli/output/body.ts";
import { countDots } from "../../../src/work/dots.ts";
import { holds } from "../../support/property.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("JSON bodies give back the bytes", async () => {
  await holds(fc.property(fc.uint8Array(), (bytes) => {
    const { body, encoding } = JSON.parse(JSON.stringify(jsonBody(bytes)));
    assert.deepEqual(Buffer.from(body, encoding ?? "utf8"), Buffer.from(bytes));
  }));
  assert.deepEqual(jsonBody(utf8("\ufeffbom")), { body: "\ufeffbom" });
});

Deno.test("a cut JSON body begins as the whole one, and tells its size", async () => {
  await holds(fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, limitBytes) => {
    const bytes = utf8(text);
    const { body, bodyBytes = bytes.byteLength } = jsonBody(bytes, limitBytes);
    assert.ok(text.startsWith(body));
    assert.ok(utf8(body).byteLength <= limitBytes);
    assert.equal(bodyBytes, bytes.byteLength);
  }));
});

Deno.test("a printed body is no wider than its room, and has no control characters", async () => {
  const bodies = fc.oneof(fc.uint8Array(), fc.string({ unit: "binary", maxLength: 40 }).map(utf8));
  await holds(fc.property(bodies, fc.integer({ min: 20, max: 60 }), (body, columns) => {
    const quoted = quotedBody(body, columns);
    assert.ok(stringWidth(quoted) <= columns, quoted);
    // deno-lint-ignore no-control-regex -- they are what must not be there
    assert.doesNotMatch(quoted, /[\x00-\x1f\x7f-\x9f]/);
  }));
});

Deno.test("text is printed as it is, in quotes", () => {
  assert.equal(quotedBody(utf8("Fünf 'Äpfel' 🍎…"), 100), "'Fünf 'Äpfel' 🍎…'");
  assert.equal(quotedBody(utf8("a\tb\x1b\x7f\r\n"), 100), "'a\\tb\\x1b\\x7f\\r\\n'");
  assert.equal(quotedBody(Uint8Array.of(0x66, 0xff), 100), "'f\\xff'");
  assert.equal(quotedBody(utf8("abc\u202edef"), 100), "'abc\\u202edef'");
});

Deno.test("only the first line is printed, and the size told", () => {
  assert.equal(quotedBody(utf8("one\ntwo\n"), 100), "'one…' (8 bytes)");
  assert.equal(quotedBody(utf8("one\r\ntwo"), 100), "'one…' (8 bytes)");
  assert.equal(quotedBody(utf8("\n\n"), 100), "'…' (2 bytes)");
  assert.equal(quotedBody(utf8("one\n"), 100), "'one\\n'");
});

Deno.test("a long body is cut between what a reader takes for characters", () => {
  const family = "👩‍👩‍👧‍👦"; // seven code points, two columns
  for (const [columns, families] of [[20, 2], [21, 3], [22, 3]] as const) {
    const [text] = quotedBody(utf8(family.repeat(11)), columns).split("…");
    assert.equal(text, `'${family.repeat(families)}`);
  }
  assert.equal(quotedBody(utf8("日本語日本語日本語"), 20), "'日本語日本語日本語'");
  assert.equal(quotedBody(utf8("日本語日本語日本語"), 19), "'日本…' (27 bytes)");
  assert.equal(quotedBody(utf8("e\u0301".repeat(30)), 20), "'éééééé…' (90 bytes)".normalize("NFD"));
  assert.equal(quotedBody(utf8("\x1b".repeat(30)), 18), "'\\x1b…' (30 bytes)");
});

Deno.test("dots are counted in bytes", () => {
  assert.equal(countDots(utf8("A very hard task..")), 2);
  assert.equal(countDots(Uint8Array.of(0xff, 0x2e, 0x00, 0x2e)), 2);
  assert.equal(countDots(utf8("…")), 0);
});
