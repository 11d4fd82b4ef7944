import { type Command, runCommand } from "./command.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** One of those compared. */
export interface Contestant {
  readonly name: string;
  readonly command: Command;
  /** Tasks that one run of the command handles. */
  readonly tasks: number;
  /** Runs at the most; without it as many as there are rounds. */
  readonly runs?: number;
  /** Prepares the queue; not measured. */
  readonly before?: () => Promise<void>;
  /** Checks and clears the queue; not measured. */
  readonly after?: () => Promise<void>;
}

export interface Result {
  readonly contestant: Contestant;
  readonly runs: number;
  /** Whole processes, in milliseconds. */
  readonly elapsedMs: Spread;
  /** By the median. */
  readonly tasksPerSecond: number;
}

/**
 * Runs all contestants in turn, round after round (A, B, A, B …), so that noise hits them alike.
 *
 * @param rounds at least 1
 * @param options.warmUp whether to run each once before anything is measured
 */
export async function contest(
  contestants: readonly Contestant[],
  rounds: number,
  { warmUp, stop }: { readonly warmUp: boolean; readonly stop: AbortSignal },
): Promise<Result[]> {
  const elapsedMs = new Map(contestants.map((contestant) => [contestant, [] as number[]]));
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    for (const contestant of contestants) {
      if (round > (contestant.runs ?? rounds)) continue;
      await contestant.before?.();
      const run = await runCommand(contestant.command, { peak: false, stop });
      await contestant.after?.();
      if (round > 0) elapsedMs.get(contestant)!.push(run.elapsedMs);
    }
  }
  return contestants.map((contestant) => {
    const times = elapsedMs.get(contestant)!;
    const spread = spreadOf(times);
    return {
      contestant,
      runs: times.length,
      elapsedMs: spread,
      tasksPerSecond: contestant.tasks / spread.median * 1_000,
    };
  });
}
