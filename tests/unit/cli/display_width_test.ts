import assert from "node:assert/strict";
import fc from "fast-check";
import stringWidth from "string-width";
import { holds } from "../../support/property.ts";
import { charactersOf, columnsOf } from "../../../src/cli/output/display_width.ts";

Deno.test("a text is never wider than was counted", async () => {
  await holds(fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
    const printable = text.replace(/\p{Cc}/gu, "");
    assert.ok(columnsOf(printable) >= stringWidth(printable), JSON.stringify(printable));
  }));
});

Deno.test("what people write is counted as terminals show it", () => {
  const texts = [
    "Hello",
    "Grüße",
    "日本語",
    "한국어",
    "👩‍👩‍👧‍👦",
    "🇩🇪",
    "❤️",
    "1️⃣",
    "e\u0301",
    "ｱｲｳ",
    "हिन्दी",
    "Ａ",
    "…",
    "\u{110bd}", // a sign before digits
  ];
  for (const text of texts) assert.equal(columnsOf(text), stringWidth(text), text);
});

Deno.test("characters join to the text that they are of", async () => {
  await holds(fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
    assert.equal([...charactersOf(text)].join(""), text);
  }));
});
