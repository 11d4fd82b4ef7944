/** The ledger of a check: every task is in exactly one of its accounts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { TaskLedger } from "../../../src/smoke/task_ledger.ts";
import { holds } from "../../support/property.ts";

const at = { worker: "C1", redelivered: false, atMs: 2 };

Deno.test("a confirmed task that never arrives is lost, and named", () => {
  const ledger = new TaskLedger("run.", 3);
  for (const task of [1, 2, 3]) ledger.sent(task, 1);
  for (const task of [1, 2]) ledger.said(`run.${task}`, "confirmed");
  ledger.arrived("run.1", at);
  const { ok, lost, recovered, unexpected } = ledger.account();
  assert.deepEqual([ok, lost, recovered, unexpected], [1, [2], [], []]);
});

Deno.test("what was refused, never sent, or is another's is unexpected", () => {
  const ledger = new TaskLedger("run.", 3);
  ledger.sent(1, 1);
  ledger.said("run.1", "refused");
  for (const id of ["run.1", "run.2", "run.9", "other.1", undefined]) ledger.arrived(id, at);
  assert.deepEqual(
    ledger.account().unexpected.toSorted(),
    ["(no message id)", "other.1", "run.1", "run.2", "run.9"],
  );
});

Deno.test("a task behind a later one was overtaken, unless it is delivered again", () => {
  const ledger = new TaskLedger("run.", 4);
  for (const task of [1, 2, 3, 4]) ledger.sent(task, 1);
  ledger.arrived("run.3", at);
  ledger.arrived("run.1", { ...at, redelivered: true });
  ledger.arrived("run.2", at);
  ledger.arrived("run.4", { ...at, worker: "C2" });
  assert.deepEqual(ledger.account().overtaken, [2]);
});

const TASKS = 20;

const step = fc.oneof(
  fc.record({
    said: fc.constantFrom("confirmed" as const, "refused" as const, "unknown" as const),
    task: fc.integer({ min: 1, max: TASKS }),
  }),
  fc.record({ arrived: fc.integer({ min: 1, max: TASKS }) }),
);

Deno.test("whatever comes in whatever order: the accounts agree with each other", async () => {
  await holds(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const ledger = new TaskLedger("run.", TASKS);
    for (let task = 1; task <= TASKS; task++) ledger.sent(task, 1);
    const outcomes = new Map<number, string>();
    const arrivals = new Map<number, number>();
    for (const one of steps) {
      if ("said" in one) {
        // A task is confirmed or refused once, and nothing is said of it afterwards.
        if (["confirmed", "refused"].includes(outcomes.get(one.task)!)) continue;
        outcomes.set(one.task, one.said);
        ledger.said(`run.${one.task}`, one.said);
      } else {
        arrivals.set(one.arrived, (arrivals.get(one.arrived) ?? 0) + 1);
        ledger.arrived(`run.${one.arrived}`, at);
      }
    }
    const account = ledger.account();
    const those = (outcome: string | undefined) =>
      Array.from({ length: TASKS }, (_, n) => n + 1)
        .filter((task) => (outcomes.get(task) ?? "unknown") === outcome);
    const confirmed = those("confirmed");
    assert.deepEqual(account.lost, confirmed.filter((task) => !arrivals.has(task)));
    assert.equal(account.ok + account.lost.length, account.confirmed);
    assert.deepEqual(account.recovered, those("unknown").filter((task) => arrivals.has(task)));
    assert.deepEqual(
      account.duplicated,
      [...arrivals].filter(([, count]) => count > 1).map(([task]) => task).toSorted((a, b) =>
        a - b
      ),
    );
    assert.equal(account.unexpected.length, those("refused").filter((t) => arrivals.has(t)).length);
    assert.equal(account.latenciesMs.length, arrivals.size);
  }));
});
