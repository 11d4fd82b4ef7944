// deno-lint-ignore-file no-console -- it prints to the terminal
/** The same storm while commands fail, each by its number: done and dead are all. */
import assert from "node:assert/strict";
import { type RestartableBroker, scenario } from "../support/own_brokers.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";
import { SeededRandom } from "./seeded_random.ts";
import { missing, storm } from "./worker_storm.ts";
import { failsAt, type Run } from "./worker_trace.ts";

const TASKS = Number(Deno.env.get("WORKTOOL_CHAOS_TASKS") ?? 800);
const FAULTS = Number(Deno.env.get("WORKTOOL_CHAOS_FAULTS") ?? 8);
const RESTARTS = 2;
const ATTEMPTS = 4;
const ONE_IN_THREE = 85; // of 256

scenario("failing tasks in a storm, classic queues: done and dead are all", {}, async (broker) => {
  // RabbitMQ loses a task that a classic retry queue lets go while RabbitMQ stops: docs/worker.md.
  const restarts = broker instanceof PrivateRabbitMq ? 0 : RESTARTS;
  await failuresInStorm(broker, { queueType: "classic", restarts });
});

scenario("failing tasks in a storm, quorum queues: done and dead are all", {}, async (broker) => {
  await failuresInStorm(broker, { queueType: "quorum", restarts: RESTARTS });
});

async function failuresInStorm(
  broker: RestartableBroker,
  { queueType, restarts }: { queueType: "classic" | "quorum"; restarts: number },
): Promise<void> {
  const random = SeededRandom.printed("failures in a storm");
  const attempts = ATTEMPTS;
  const luck = { seed: random.seed, limit: ONE_IN_THREE };
  const { runs, dead } = await storm(broker, random, {
    tasks: TASKS,
    faults: FAULTS,
    restarts,
    attempts,
    luck,
    queueType,
  });
  for (const { task, attempt, failed } of runs) {
    assert.equal(failed, failsAt(task, attempt, luck), `task ${task}, attempt ${attempt}`);
  }
  const done = new Set(runs.filter(({ failed }) => !failed).map(({ task }) => task));
  const deadTasks = new Set(dead.map(({ body }) => Number(body)));
  const runsOf = Map.groupBy(runs, ({ task }) => task);
  const lost = missing(TASKS, new Set([...done, ...deadTasks]));
  assert.deepEqual(lost.map((task) => ({ task, runs: runsOf.get(task) })), []);
  let struck = 0;
  for (let task = 1; task <= TASKS; task++) {
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
    `${runs.length} runs of ${TASKS} tasks: ${done.size} done, ${deadTasks.size} dead ` +
      `(${dead.length} dead letters), ${struck} struck by a fault`,
  );
  assert.ok(struck < TASKS / 2, `${struck} of ${TASKS} tasks were struck`);
}

/**
 * Whether a fault hit a task, as far as its runs can tell: it came again after it was done or
 * marked as redelivered, or an attempt was counted that never ran. What a fault did and these runs
 * do not show, made no difference.
 */
function wasStruck(runs: readonly Run[]): boolean {
  const last = runs.at(-1);
  if (!last || (last.failed && last.attempt < ATTEMPTS)) return true;
  return runs.some(({ attempt, redelivered, failed }, n) =>
    redelivered || attempt !== n + 1 || (!failed && n < runs.length - 1)
  );
}
