/** What is too much for one slice goes on in the next ones. */
import assert from "node:assert/strict";
import { EndOfTurn } from "../../../src/broker/end_of_turn.ts";
import { Operations } from "../../../src/broker/operations.ts";
import { Workload } from "../../../src/broker/workload.ts";

const NOBODY = { ended: assert.fail, failed: assert.fail };

function* steps(count: number, done: (step: number) => void): Generator<void> {
  for (let step = 0; step < count; step++) {
    done(step);
    yield;
  }
}

Deno.test("a small operation is done at once, and its error is thrown", () => {
  using workload = new Workload(new EndOfTurn());
  const operations = new Operations(workload);
  let last = -1;
  assert.equal(operations.run(steps(50, (step) => last = step), NOBODY), true);
  assert.equal(last, 49);
  const failing = steps(50, (step) => {
    if (step === 10) throw new Error("refused");
  });
  assert.throws(() => operations.run(failing, NOBODY), /refused/);
});

Deno.test("a large one goes on to its end, and says so once", async () => {
  using workload = new Workload(new EndOfTurn());
  const operations = new Operations(workload);
  let last = -1;
  const { promise, resolve } = Promise.withResolvers<void>();
  let ends = 0;
  const ended = () => {
    ends++;
    resolve();
  };
  const isDone = operations.run(steps(100_000, (step) => last = step), {
    ended,
    failed: assert.fail,
  });
  assert.equal(isDone, false);
  assert.ok(last < 99_999);
  await promise;
  assert.deepEqual([last, ends], [99_999, 1]);
});

Deno.test("a large one that fails is over", async () => {
  using workload = new Workload(new EndOfTurn());
  const operations = new Operations(workload);
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const failing = steps(10_000, (step) => {
    if (step === 5_000) throw new Error("a bug");
  });
  operations.run(failing, {
    failed: (error) => told.push(`${error}`),
    ended: () => resolve(void told.push("ended")),
  });
  await promise;
  assert.deepEqual(told, ["Error: a bug", "ended"]);
});

Deno.test("what is left is done when the broker stops", () => {
  const workload = new Workload(new EndOfTurn());
  const operations = new Operations(workload);
  let last = -1;
  operations.run(steps(10_000, (step) => last = step), { ended() {}, failed: assert.fail });
  workload[Symbol.dispose]();
  operations.finish();
  assert.equal(last, 9_999);
});
