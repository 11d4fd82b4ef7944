import assert from "node:assert/strict";

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const NAME = "[a-zA-Z][a-zA-Z0-9-]*";
const ATTRIBUTE = new RegExp(`\\s+(${NAME})="([^"<&]*(?:&#\\d+;[^"<&]*)*)"`, "y");
const OPENING = new RegExp(`<(${NAME})`, "y");
const CLOSING = new RegExp(`</(${NAME})>`, "y");
const TEXT = /(?:[^<>&]|&#\d+;)+/y;

/**
 * The elements of a document in the part of XML that pictures are written in: elements, attributes
 * in double quotes, text, numeric references. Fails where it is anything else.
 */
export function elementsOf(xml: string): Element[] {
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(xml, /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/, "a character XML has not");
  assert.ok(xml.isWellFormed());
  const elements: Element[] = [];
  const open: string[] = [];
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(xml);
    if (match) at = pattern.lastIndex;
    return match;
  };
  while (at < xml.length) {
    if (open.length > 0 ? take(TEXT) : take(/\s+/y)) continue;
    const closing = take(CLOSING);
    if (closing) {
      assert.equal(open.pop(), closing[1]);
      continue;
    }
    const opening = take(OPENING);
    assert.ok(opening, `no XML from "${xml.slice(at, at + 40)}" on`);
    assert.ok(open.length > 0 || elements.length === 0, "one root");
    const attributes = new Map<string, string>();
    for (let match = take(ATTRIBUTE); match; match = take(ATTRIBUTE)) {
      assert.ok(!attributes.has(match[1]!), `"${match[1]}" twice`);
      attributes.set(match[1]!, match[2]!);
    }
    elements.push({ name: opening[1]!, attributes });
    const end = take(/\/?>/y)?.[0];
    assert.ok(end, `the tag ends at "${xml.slice(at, at + 40)}"`);
    if (end === ">") open.push(opening[1]!);
  }
  assert.deepEqual(open, []);
  return elements;
}
