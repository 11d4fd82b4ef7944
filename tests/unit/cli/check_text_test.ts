import assert from "node:assert/strict";
import { junit } from "../../../src/cli/output/check_text.ts";

/** Each: what a verdict says, and how it stands in JUnit's XML. */
const TEXTS: readonly (readonly [said: string, written: string])[] = [
  [`lost <b> & "all"`, "lost &#60;b&#62; &#38; &#34;all&#34;"],
  ["tab\tand line\n", "tab\tand line\n"],
  ["\ud83d\ude00", "\ud83d\ude00"],
  ["a\0b\x1bc", "a\ufffdb\ufffdc"],
  ["no characters: \ufffe\uffff", "no characters: \ufffd\ufffd"],
  ["half a pair: \ud83d, \ude00", "half a pair: \ufffd, \ufffd"],
];

Deno.test("JUnit's XML holds no character that XML 1.0 does not allow", () => {
  for (const [text, written] of TEXTS) {
    const verdict = { name: text, said: text };
    const verdicts = [{ ...verdict, ok: true }, { ...verdict, ok: false }];
    const xml = junit(text, verdicts, { elapsedMs: 1, error: text });
    assert.equal(xml.split(written).length - 1, 6, xml); // wherever junit() puts a text
    assert.ok(written === text || !xml.includes(text), xml);
  }
});
