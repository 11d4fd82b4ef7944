import assert from "node:assert/strict";
import fc from "fast-check";
import {
  escapeHtml,
  jsonForScript,
  type Markup,
  markup,
} from "../../../../src/lab/report/markup.ts";
import { holds } from "../../../support/property.ts";
import { hostileText } from "./hostile_text.ts";

const UNESCAPED: Record<string, string> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

Deno.test("any text comes back from its markup as it was, and has no markup of its own", async () => {
  await holds(fc.property(hostileText(), (text) => {
    const safe = markup`${text}`.toString();
    assert.doesNotMatch(safe, /[<>"']/);
    assert.equal(safe.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => UNESCAPED[entity]!), text);
  }));
});

Deno.test("what a template made is taken as it is, in lists too", () => {
  const items = ["a", "<b>"].map((text) => markup`<li>${text}</li>`);
  assert.equal(markup`<ul>${items}</ul>`.toString(), "<ul><li>a</li><li>&lt;b&gt;</li></ul>");
});

Deno.test("nothing comes of undefined and false, and 0 is a number", () => {
  assert.equal(markup`${undefined}${false}${0}`.toString(), "0");
});

Deno.test("an object that only looks like markup is text", () => {
  const forged = JSON.parse(`{"text":"<b>","toString":"<i>"}`) as Markup;
  assert.throws(() => markup`${forged}`, TypeError);
  assert.equal(escapeHtml("<b>"), "&lt;b&gt;");
});

Deno.test("JSON in a script cannot end the script, and comes back as it was", async () => {
  await holds(fc.property(hostileText(), hostileText(), (key, text) => {
    const value = { key: [key, { text }] };
    const json = jsonForScript(value).toString();
    assert.doesNotMatch(json, /<|-->.*<\//);
    assert.deepEqual(JSON.parse(json), value);
  }));
});
