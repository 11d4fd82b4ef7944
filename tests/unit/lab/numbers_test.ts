/** The lab's numbers, by hand and as laws. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  dotsIn,
  jainIndex,
  lossBound,
  medianDifference,
  numbersOf,
} from "../../../src/lab/numbers.ts";
import { parseRecordings } from "../../../src/lab/recording.ts";
import { holds } from "../../support/property.ts";

const FAIR = parseRecordings(
  await Deno.readTextFile(new URL("recordings/fair_dispatch.ndjson", import.meta.url)),
);

Deno.test("numbers of a run: makespan, optimum, shares, waiting, idle", () => {
  const [unlimited, one] = FAIR.map(numbersOf) as [
    ReturnType<typeof numbersOf>,
    ReturnType<typeof numbersOf>,
  ];
  assert.equal(unlimited.optimumMs, 600);
  assert.equal(unlimited.makespanMs, 1_000);
  assert.equal(one.makespanMs, 600);
  assert.deepEqual(one.shares, [{ worker: "C1", done: 2 }, { worker: "C2", done: 2 }]);
  assert.equal(one.idle, 0);
  assert.equal(one.jain, 1);
  assert.equal(unlimited.peakUnacked, 4);
  assert.equal(one.peakUnacked, 2);
  const { p50, p99, max } = one.waitingMs;
  assert.deepEqual([p50, Math.round(p99), max], [50, 488, 500]);
});

Deno.test("Jain's index is 1 for even shares, 1/n for one alone, and between them", () => {
  assert.equal(jainIndex([3, 3, 3]), 1);
  assert.equal(jainIndex([5, 0, 0, 0]), 0.25);
  assert.equal(jainIndex([]), 1);
  const amounts = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
  holds(fc.property(amounts, (all) => {
    const index = jainIndex(all);
    return index >= 1 / all.length - 1e-9 && index <= 1 + 1e-9;
  }));
});

Deno.test("none lost of n still allows for some: 3 of 100, for example", () => {
  assert.equal(lossBound(0), 1);
  assert.ok(Math.abs(lossBound(100) - 0.0295) < 0.0005);
});

Deno.test("the interval of a difference: far from 0 where samples differ, around 0 where not", () => {
  const slow = [10, 11, 12, 10, 11];
  const fast = [5, 6, 5, 6, 5];
  const apart = medianDifference(slow, fast);
  assert.equal(apart.difference, 6);
  assert.ok(apart.low > 0);
  const same = medianDifference(slow, slow);
  assert.ok(same.low <= 0 && same.high >= 0);
  assert.deepEqual(medianDifference(slow, fast), apart, "the same samples, the same interval");
});

Deno.test("dots are work", () => {
  assert.deepEqual(["a", "a.", "a...", "..a."].map(dotsIn), [0, 1, 3, 3]);
});
