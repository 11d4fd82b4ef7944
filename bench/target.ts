import type { Result } from "./contest.ts";

/** What worktool has to reach against one peer. */
export interface Target {
  readonly peer: string;
  /**
   * Of the rates: at least so many times the peer's. Of the times: at most so many times the
   * peer's.
   */
  readonly measure: "rate at least" | "time at most";
  readonly times: number;
}

/** A target, and what was measured. */
export interface Verdict {
  readonly text: string;
  readonly met: boolean;
}

/** Compares tasks a second, so that contestants may have handled different numbers of tasks. */
export function judge(
  what: string,
  target: Target,
  results: readonly Result[],
): Verdict | undefined {
  const own = rateOf("worktool", results);
  const peer = rateOf(target.peer, results);
  if (own === undefined || peer === undefined) return undefined;
  const [ratio, met] = target.measure === "rate at least"
    ? [own / peer, own / peer >= target.times]
    : [peer / own, peer / own <= target.times];
  const text = `${what}: ${target.measure} ${target.times} × ${target.peer}; measured ${
    ratio.toFixed(2)
  } ×`;
  return { text, met };
}

export function rateOf(name: string, results: readonly Result[]): number | undefined {
  return results.find(({ contestant }) => contestant.name === name)?.tasksPerSecond;
}
