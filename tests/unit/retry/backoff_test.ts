import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Backoff,
  delayMs,
  possibleDelaysMs,
  snoozeDelaysMs,
} from "../../../src/retry/backoff.ts";
import { holds } from "../../support/property.ts";

const backoff = fc.tuple(
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
)
  .map(([a, b]): Backoff => ({ minMs: Math.min(a, b), maxMs: Math.max(a, b) }));
const attempt = fc.integer({ min: 1, max: 2_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

Deno.test("the delay doubles from attempt to attempt, up to the last one", () => {
  const middle = 0.5; // no jitter
  const delays = Array.from(
    { length: 11 },
    (_, n) => delayMs({ minMs: 1_000, maxMs: 300_000 }, n + 1, middle),
  );
  assert.deepEqual(delays, [
    ...[1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 130_000, 260_000, 300_000, 300_000],
  ]);
});

Deno.test("the jitter has five steps", () => {
  const delays = [0, 0.2, 0.4, 0.6, 0.8].map((r) =>
    delayMs({ minMs: 1_000, maxMs: 300_000 }, 4, r)
  );
  assert.deepEqual(delays, [6_400, 7_200, 8_000, 8_800, 9_600]);
});

Deno.test("a delay is whole and within its bounds", async () => {
  await holds(fc.property(backoff, attempt, random, (backoff, attempt, random) => {
    const ms = delayMs(backoff, attempt, random);
    assert.ok(Number.isSafeInteger(ms));
    assert.ok(ms >= backoff.minMs && ms <= backoff.maxMs);
  }));
});

Deno.test("a delay without jitter never gets shorter", async () => {
  await holds(fc.property(backoff, attempt, (backoff, attempt) => {
    assert.ok(delayMs(backoff, attempt, 0.5) <= delayMs(backoff, attempt + 1, 0.5));
  }));
});

Deno.test("the possible delays are all that there are, and few", async () => {
  await holds(fc.property(backoff, attempt, random, (backoff, attempt, random) => {
    const possible = possibleDelaysMs(backoff, attempt + 1);
    assert.ok(possible.includes(delayMs(backoff, attempt, random)));
    assert.ok(possible.length <= 5 * (Math.ceil(Math.log2(backoff.maxMs / backoff.minMs)) + 1));
    assert.deepEqual(possible, [...new Set(possible)].sort((a, b) => a - b));
  }));
  assert.deepEqual(possibleDelaysMs({ minMs: 30_000, maxMs: 30_000 }, 10), [30_000]);
  assert.deepEqual(possibleDelaysMs({ minMs: 1_000, maxMs: 2_000 }, 1), []);
});

Deno.test("there are several delays to snooze tasks, also where every wait is the same", () => {
  const apart = [1_000, 1_100, 1_200, 1_600, 1_800, 2_000];
  assert.deepEqual(snoozeDelaysMs({ minMs: 100, maxMs: 100 }), apart);
  const usual = { minMs: 1_000, maxMs: 300_000 };
  assert.deepEqual(snoozeDelaysMs(usual), possibleDelaysMs(usual, 3));
});
