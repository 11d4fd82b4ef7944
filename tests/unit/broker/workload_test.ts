import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { EndOfTurn } from "../../../src/broker/end_of_turn.ts";
import { type Work, Workload } from "../../../src/broker/workload.ts";

/** Counts its units, and does one a slice. */
function slices(units: number, done: (unit: number) => void): Work {
  let unit = 0;
  return {
    work() {
      done(unit++);
      return unit < units;
    },
    failed: assert.fail,
  };
}

Deno.test("works take turns, and each goes on until it has no more", async () => {
  using workload = new Workload(new EndOfTurn());
  const done: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  workload.add(slices(2, (unit) => done.push(`a${unit}`)));
  workload.add(slices(3, (unit) => {
    done.push(`b${unit}`);
    if (unit === 2) resolve();
  }));
  await promise;
  assert.deepEqual(done, ["a0", "b0", "a1", "b1", "b2"]);
});

Deno.test("work that never ends leaves room for what comes, and for the end of the turn", async () => {
  using endOfTurn = new EndOfTurn();
  using workload = new Workload(endOfTurn);
  const { promise: ended, resolve: endTurn } = Promise.withResolvers<void>();
  workload.add(slices(Infinity, () => {
    while (!workload.over());
  }));
  endOfTurn.want("send", {
    endTurn() {
      endTurn();
      return false;
    },
    failed: assert.fail,
  });
  await ended;
  await new Promise<void>((resolve) => workload.add(slices(1, () => resolve())));
  await setTimeout(0);
});

Deno.test("work that throws is told so, and goes on with the others", async () => {
  using workload = new Workload(new EndOfTurn());
  const done: string[] = [];
  let failures = 0;
  workload.add({
    work() {
      if (failures === 0) throw new Error("a bug");
      done.push("goes on");
      return false;
    },
    failed: () => void failures++,
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  workload.add(slices(3, (unit) => unit === 2 && resolve()));
  await promise;
  assert.deepEqual([failures, done], [1, ["goes on"]]);
});
