import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
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

Deno.test("who asks for little goes before those who ask for much, and is answered before them", async () => {
  const endOfTurn = new EndOfTurn();
  using workload = new Workload(endOfTurn);
  const { promise, resolve } = Promise.withResolvers<void>();
  const done: string[] = [];
  const flood = (name: string): Work => ({
    work() {
      done.push(name);
      while (!workload.over());
      return true;
    },
    failed: assert.fail,
  });
  const answer = { endTurn: () => done.push("answer") === 0, failed: assert.fail };
  const light: Work = {
    work() {
      done.push("light");
      endOfTurn.want("send", answer);
      if (done.filter((what) => what === "light").length === 3) resolve();
      else setImmediate(() => workload.add(light));
      return false;
    },
    failed: assert.fail,
  };
  // They are new: nobody knows yet how much they ask for.
  for (const name of ["a", "b", "c", "d"]) workload.add(flood(name));
  await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
  done.length = 0;
  workload.add(light);
  await promise;
  const turns = done.join(" ").split("light").map((turn) => turn.trim().split(" "));
  for (const turn of turns.slice(1, -1)) assert.equal(turn[0], "answer");
  // Each turn has gone on with the flood.
  for (const turn of turns.slice(1, -1)) assert.ok(turn.length > 1);
});

Deno.test("what may have to wait for the commit is not sent in the midst of a turn", () => {
  using endOfTurn = new EndOfTurn();
  const done: string[] = [];
  const stage = (name: string) => ({ endTurn: () => done.push(name) === 0, failed: assert.fail });
  endOfTurn.want("send", stage("answer"));
  endOfTurn.answer();
  assert.deepEqual(done, ["answer"]);
  endOfTurn.want("commit", stage("commit"));
  endOfTurn.want("send", stage("confirm"));
  endOfTurn.answer();
  assert.deepEqual(done, ["answer"]);
  endOfTurn.run();
  assert.deepEqual(done, ["answer", "commit", "confirm"]);
});
