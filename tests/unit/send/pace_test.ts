import assert from "node:assert/strict";
import { aheadMs } from "../../../src/send/pace.ts";

Deno.test("tasks leave at even distances from the first", () => {
  const due = [0, 1, 2, 40].map((n) => aheadMs(n, { rate: 20, elapsedMs: 0 }));
  assert.deepEqual(due, [0, 50, 100, 2_000]);
  assert.equal(aheadMs(1, { rate: 0.001, elapsedMs: 0 }), 1_000_000);
});

Deno.test("what has passed since the first is no longer waited for", () => {
  assert.equal(aheadMs(2, { rate: 20, elapsedMs: 30 }), 70);
});

Deno.test("after a delay the tasks that are overdue leave at once, and the rest on time", () => {
  const late = [1, 2, 3, 4].map((n) => aheadMs(n, { rate: 10, elapsedMs: 350 }));
  assert.deepEqual(late, [-250, -150, -50, 50]);
});
