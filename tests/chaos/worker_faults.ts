import type { SeededRandom } from "./seeded_random.ts";

/** What may happen to a worker, or to all of them. */
export type FaultKind =
  /** `kill -9` of a worker, which is then started again. */
  | "kill"
  /** Its TCP connection is reset. */
  | "cut"
  /** Nothing passes any more, and nobody is told. */
  | "silence"
  | "cut all"
  /** The broker ends and is started again. */
  | "restart";

export interface Fault {
  readonly kind: FaultKind;
  readonly worker: number;
  /** It strikes when the commands have run so often. */
  readonly afterRuns: number;
}

const OF_ONE_WORKER = ["kill", "kill", "cut", "cut", "silence"] as const;

export interface FaultPlan {
  readonly faults: number;
  readonly restarts: number;
  readonly workers: number;
  /** All faults strike before so many runs. */
  readonly runs: number;
}

/**
 * Faults in the order in which they strike, spread over the runs; each kind comes at least once.
 */
export function planFaults(random: SeededRandom, plan: FaultPlan): Fault[] {
  const { faults, restarts, workers, runs } = plan;
  const kinds: FaultKind[] = ["kill", "cut", "silence", "cut all"];
  for (let n = 0; n < restarts; n++) kinds.push("restart");
  while (kinds.length < faults) kinds.push(random.pick(OF_ONE_WORKER));
  const shuffled = kinds.map((kind) => ({ kind, at: random.below(2 ** 30) }))
    .sort((a, b) => a.at - b.at);
  const moments = kinds.map(() => random.below(runs)).sort((a, b) => a - b);
  return shuffled.map(({ kind }, n) => ({
    kind,
    worker: random.below(workers),
    afterRuns: moments[n]!,
  }));
}
