// deno-lint-ignore-file no-console -- it prints to the terminal
/** Workers, connections and brokers die while thousands of tasks are done: none may be lost. */
import assert from "node:assert/strict";
import { scenario } from "../conformance/own_brokers.ts";
import { SeededRandom } from "./seeded_random.ts";
import { storm } from "./worker_storm.ts";
import { failsAt, type Run } from "./worker_trace.ts";

const TASKS = Number(Deno.env.get("WORKTOOL_CHAOS_TASKS") ?? 5_000);
const FAILING_TASKS = Number(Deno.env.get("WORKTOOL_CHAOS_TASKS") ?? 3_000);
const FAULTS = Number(Deno.env.get("WORKTOOL_CHAOS_FAULTS") ?? 20);
const RESTARTS = 2;
const ATTEMPTS_WITH_FAILURES = 4;
const QUEUE_TYPE = Deno.env.get("WORKTOOL_CHAOS_QUEUE_TYPE") === "quorum" ? "quorum" : "classic";
const NEVER = 0;
const ONE_IN_THREE = 85; // of 256

scenario("5,000 tasks in a storm: every one is done, none is dead", {}, async (broker) => {
  const random = SeededRandom.printed("a storm");
  // A fault costs a task one attempt at the most, so there is always one left.
  const attempts = FAULTS + 2;
  const { runs, dead } = await storm(broker, random, {
    tasks: TASKS,
    faults: FAULTS,
    restarts: RESTARTS,
    attempts,
    luck: { seed: random.seed, limit: NEVER },
    queueType: QUEUE_TYPE,
  });
  assert.deepEqual(dead, []);
  assert.deepEqual(missing(TASKS, new Set(runs.map(({ task }) => task))), []);
  const highest = Math.max(...runs.map(({ attempt }) => attempt));
  assert.ok(highest <= FAULTS + 1, `an attempt ${highest} after ${FAULTS} faults`);
  console.log(`${runs.length} runs of ${TASKS} tasks, highest attempt ${highest}`);
});

scenario("failing tasks in a storm: done and dead are all", {}, async (broker) => {
  const random = SeededRandom.printed("failures in a storm");
  const attempts = ATTEMPTS_WITH_FAILURES;
  const luck = { seed: random.seed, limit: ONE_IN_THREE };
  const { runs, dead } = await storm(broker, random, {
    tasks: FAILING_TASKS,
    faults: FAULTS,
    restarts: RESTARTS,
    attempts,
    luck,
    queueType: QUEUE_TYPE,
  });
  for (const { task, attempt, failed } of runs) {
    assert.equal(failed, failsAt(task, attempt, luck), `task ${task}, attempt ${attempt}`);
  }
  const done = new Set(runs.filter(({ failed }) => !failed).map(({ task }) => task));
  const deadTasks = new Set(dead.map(({ body }) => Number(body)));
  const runsOf = Map.groupBy(runs, ({ task }) => task);
  const lost = missing(FAILING_TASKS, new Set([...done, ...deadTasks]));
  assert.deepEqual(lost.map((task) => ({ task, runs: runsOf.get(task) })), []);
  let struck = 0;
  for (let task = 1; task <= FAILING_TASKS; task++) {
    const own = runsOf.get(task) ?? [];
    if (wasStruck(own)) {
      struck++;
      continue;
    }
    // What no fault has touched went exactly as its numbers say.
    let last = 1;
    while (last < attempts && failsAt(task, last, luck)) last++;
    assert.equal(own.length, last, `task ${task}: ${JSON.stringify(own)}`);
    const outcome = { done: done.has(task), dead: deadTasks.has(task) };
    const fails = failsAt(task, last, luck);
    assert.deepEqual(outcome, { done: !fails, dead: fails }, `task ${task}`);
  }
  console.log(
    `${runs.length} runs of ${FAILING_TASKS} tasks: ${done.size} done, ${deadTasks.size} dead ` +
      `(${dead.length} dead letters), ${struck} struck by a fault`,
  );
  assert.ok(struck < FAILING_TASKS / 2, `${struck} of ${FAILING_TASKS} tasks were struck`);
});

/** The tasks that are not in the set. */
function missing(count: number, tasks: ReadonlySet<number>): number[] {
  return Array.from({ length: count }, (_, n) => n + 1).filter((task) => !tasks.has(task));
}

/**
 * Whether a fault hit a task, as far as its runs can tell: it came again after it was done or marked
 * as redelivered, or an attempt was counted that never ran. What a fault did and these runs do not
 * show, made no difference.
 */
function wasStruck(runs: readonly Run[]): boolean {
  const last = runs.at(-1);
  if (!last || (last.failed && last.attempt < ATTEMPTS_WITH_FAILURES)) return true;
  return runs.some(({ attempt, redelivered, failed }, n) =>
    redelivered || attempt !== n + 1 || (!failed && n < runs.length - 1)
  );
}
