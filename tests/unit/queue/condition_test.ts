/** Conditions over the figures of a queue. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MalformedCondition, parseCondition } from "../../../src/queue/condition.ts";
import type { QueueFigures } from "../../../src/queue/queue_figures.ts";
import { holds } from "../../support/property.ts";

const FIGURES: QueueFigures = {
  ...{ name: "q", ready: 3, unacked: 0, consumers: 2, in: 1.5, type: "quorum", durable: true },
};

const CASES: readonly [text: string, expected: boolean | undefined][] = [
  ["ready == 3", true],
  ["ready==3&&unacked==0", true],
  ["ready == 0 || consumers >= 2", true],
  ["ready == 0 || unacked == 0 && consumers == 1", false],
  ["(ready == 3 || unacked == 1) && consumers < 3", true],
  ["ready + unacked < 3", false],
  ["ready - consumers == 1", true],
  ["!(ready > 2)", false],
  ["type == 'quorum' && durable", true],
  ['type != "classic"', true],
  ["in > 1.4", true],
  ["durable == true", true],
  ["out == 0", undefined],
  ["out == 0 && ready == 0", false],
  ["out == 0 || ready == 3", true],
  ["!(out == 0)", undefined],
];

for (const [text, expected] of CASES) {
  Deno.test(`${text}: ${expected}`, () => {
    assert.equal(parseCondition(text).holds(FIGURES), expected);
  });
}

const MISTAKES: readonly [text: string, message: RegExp][] = [
  ["redy == 0", /^There is no column 'redy'\. Did you mean ready\? They are name, ready, /],
  ["nonsense > 1", /^There is no column 'nonsense'\. They are/],
  ["ready ==", /^A column or a value is missing at 9:/],
  ["ready == 0)", /^'\)' at 11 is one too many\.$/],
  ["(ready == 0", /^A \) is missing at 12\.$/],
  ["ready = 0", /^'=' at 7 cannot be read\.$/],
  ["", /^A column or a value is missing at 1:/],
];

for (const [text, message] of MISTAKES) {
  Deno.test(`'${text}' is refused`, () => {
    assert.throws(
      () => parseCondition(text),
      (error) => error instanceof MalformedCondition && message.test(error.message),
    );
  });
}

Deno.test("any text is read or refused with words", async () => {
  const words = fc.constantFrom(
    ...["ready", "unacked", "==", "<", "&&", "||", "!", "(", ")", "1", "'a'", "+", " ", "§"],
  );
  await holds(fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
    try {
      const value = parseCondition(parts.join("")).holds(FIGURES);
      assert.ok(value === undefined || typeof value === "boolean");
    } catch (error) {
      assert.ok(error instanceof MalformedCondition, String(error));
    }
  }));
});
