import type { RestartableBroker } from "../support/own_brokers.ts";
import { eventually } from "../support/deadline.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";
import { Worktool } from "../support/worktool.ts";
import { Crew } from "./worker_crew.ts";
import { type Fault, planFaults } from "./worker_faults.ts";
import { BACK_MS, Queues } from "./worker_queues.ts";
import type { SeededRandom } from "./seeded_random.ts";
import { type Luck, type Run, Trace } from "./worker_trace.ts";

const WORKERS = 3;
const BACKOFF = { minMs: 50, maxMs: 200 };

/** More rounds than this mean that the queues never become empty. */
const MAX_ROUNDS = 10;

export interface StormOptions {
  readonly tasks: number;
  readonly faults: number;
  readonly restarts: number;
  readonly attempts: number;
  readonly luck: Luck;
  readonly queueType: "classic" | "quorum";
}

export interface StormResult {
  readonly runs: readonly Run[];
  readonly dead: readonly { readonly body: string; readonly headers: Record<string, unknown> }[];
}

/**
 * Three workers do all tasks while one fault after the other strikes. When it returns, they have
 * stopped in order, and nothing is left in the work queue nor in any of its retry queues.
 */
export async function storm(
  broker: RestartableBroker,
  random: SeededRandom,
  { tasks, faults: count, restarts, attempts, luck, queueType }: StormOptions,
): Promise<StormResult> {
  await using trace = await Trace.create();
  const queues = new Queues(broker.url, `storm.${queueType}.${luck.limit}`, BACKOFF, attempts);
  const declaration = ["--queue", queues.work, "--queue-type", queueType];
  const sent = await Worktool.run([
    ...["send", "--url", broker.url, ...declaration, "--count", `${tasks}`, "--no-echo", "{n}"],
  ]);
  if (sent.code !== 0) throw new Error(`send failed: ${sent.stderr}`);
  await using crew = await Crew.start(broker.url, {
    workers: WORKERS,
    queue: queues.work,
    flags: [
      ...["--queue-type", queueType, "--concurrency", "4", "--output", "discard"],
      ...["--attempts", `${attempts}`, "--backoff", `${BACKOFF.minMs}ms..${BACKOFF.maxMs}ms`],
    ],
    command: ["sh", "-c", Trace.SCRIPT, "sh", "{}"],
    env: { TRACE: trace.path, SEED: `${luck.seed}`, LIMIT: `${luck.limit}` },
  });
  const plan = { faults: count, restarts, workers: WORKERS, runs: Math.floor(tasks * 0.95) };
  for (const fault of planFaults(random, plan)) {
    let runs = 0;
    await queues.toldWhereTheyAre(eventually(
      () => `run ${fault.afterRuns} of ${tasks} tasks, there were ${runs}`,
      async () => (runs = await trace.count()) >= fault.afterRuns,
      BACK_MS,
    ));
    await strike(fault, crew, broker);
  }
  await crew.heardOfSilence();
  for (let round = 1;; round++) {
    await queues.becomeQuiet(WORKERS);
    await crew.stop(); // what they had in hand may come back, as it does after a failure
    await queues.becomeConsumed(0);
    const { ready, waiting } = await queues.depth();
    if (ready + waiting === 0) break;
    if (round === MAX_ROUNDS) {
      throw new Error(`${ready} ready, ${waiting} waiting, again and again`);
    }
    await crew.startAll();
  }
  const result = { runs: await trace.runs(), dead: await queues.takeDead() };
  await queues.delete();
  return result;
}

async function strike({ kind, worker }: Fault, crew: Crew, broker: RestartableBroker) {
  switch (kind) {
    case "kill":
      return await crew.kill(worker);
    case "cut":
      return crew.cut(worker);
    case "silence":
      return crew.silence(worker);
    case "cut all":
      return crew.cutAll();
    case "restart":
      await (broker instanceof PrivateRabbitMq ? broker.stop() : broker.kill());
      await broker.start();
  }
}

/** The tasks, 1 to `count`, that are not in the set. */
export function missing(count: number, tasks: ReadonlySet<number>): number[] {
  return Array.from({ length: count }, (_, n) => n + 1).filter((task) => !tasks.has(task));
}
