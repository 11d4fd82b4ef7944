// deno-lint-ignore-file no-console -- it prints to the terminal
/** Workers, connections and brokers die while thousands of tasks are done: none may be lost. */
import assert from "node:assert/strict";
import { scenario } from "../support/own_brokers.ts";
import { SeededRandom } from "./seeded_random.ts";
import { missing, storm } from "./worker_storm.ts";

const TASKS = Number(Deno.env.get("WORKTOOL_CHAOS_TASKS") ?? 2_000);
const FAULTS = Number(Deno.env.get("WORKTOOL_CHAOS_FAULTS") ?? 10);
const RESTARTS = 2;
const NEVER = 0;

scenario("thousands of tasks in a storm: every one is done, none is dead", {}, async (broker) => {
  const random = SeededRandom.printed("a storm");
  // A fault costs a task one attempt at the most, so there is always one left.
  const attempts = FAULTS + 2;
  const { runs, dead } = await storm(broker, random, {
    tasks: TASKS,
    faults: FAULTS,
    restarts: RESTARTS,
    attempts,
    luck: { seed: random.seed, limit: NEVER },
    queueType: "classic",
  });
  assert.deepEqual(dead, []);
  assert.deepEqual(missing(TASKS, new Set(runs.map(({ task }) => task))), []);
  const highest = Math.max(...runs.map(({ attempt }) => attempt));
  assert.ok(highest <= FAULTS + 1, `an attempt ${highest} after ${FAULTS} faults`);
  console.log(`${runs.length} runs of ${TASKS} tasks, highest attempt ${highest}`);
});
