import assert from "node:assert/strict";
import type { StopReason } from "../../../src/work/stop_rules.ts";
import { StopWatch } from "../../../src/work/stop_watch.ts";
import { within } from "../../support/deadline.ts";

/** Why a watch ends a worker whose queue answers so, one question after the other. */
async function reason(answers: boolean[], { stallsAfter }: { stallsAfter: number }) {
  const { promise, resolve } = Promise.withResolvers<StopReason>();
  let asked = 0;
  const watch = new StopWatch({ untilEmpty: true }, {
    isBusy: () => false,
    isEmpty: () => Promise.resolve(answers[asked++]),
    isStalled: () => asked >= stallsAfter,
    end: resolve,
  });
  watch.start();
  try {
    return await within(promise, "the watch to end the worker");
  } finally {
    watch.stop();
  }
}

Deno.test("a worker whose prefetch was used up by the last task ends because all is done", async () => {
  assert.equal(await reason([false, true], { stallsAfter: 1 }), "empty");
});

Deno.test("a worker whose prefetch is used up before the last task can do no more", async () => {
  assert.equal(await reason([false, false], { stallsAfter: 1 }), "stalled");
  assert.equal(await reason([false], { stallsAfter: 0 }), "stalled");
});
