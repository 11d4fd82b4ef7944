/**
 * What the page's script replays: where each task goes, move by move. Types only, which that script
 * is checked against.
 */
import type { StageEvent } from "../recording.ts";

/** Where a task can be. */
export type Place =
  | "queue"
  /** In a worker's hand, its work not begun: prefetched. */
  | "waits"
  | "works"
  /** Its work is over, and the broker does not know yet. */
  | "held"
  | "done"
  | "lost"
  | "failed"
  | "retry"
  | "dead"
  | "expired"
  | "returned"
  | "refused"
  | "unknown";

export interface Move {
  readonly atMs: number;
  /** In words, without the time. */
  readonly text: string;
  readonly task?: number;
  /** Where the task goes; none where it stays. */
  readonly to?: Place;
  readonly worker?: string;
  /** Of the work that begins here. */
  readonly work?: Work;
  /** How often the task has been done so far, where it has. */
  readonly times?: number;
  /** What became of the worker, or where there is none, of the broker. */
  readonly stage?: StageEvent["kind"];
}

/** How work goes on, in ms on the recording's clock. */
export interface Work {
  /** When it is done, or would have been; null where that cannot be told. */
  readonly untilMs: number | null;
  /** When it stopped, done or not. */
  readonly stopMs: number;
}

/** A recording, ready to be replayed. */
export interface Run {
  readonly tasks: readonly {
    readonly task: number;
    readonly body: string;
    readonly dots: number;
  }[];
  readonly workers: readonly string[];
  readonly moves: readonly Move[];
  /** The steps of the picture's curves. */
  readonly depths: readonly {
    readonly atMs: number;
    readonly ready: number;
    readonly unacked: number;
  }[];
  readonly endMs: number;
}

/** What an experiment's scrubber gets; all variants play at the same time. */
export interface Replay {
  readonly variants: readonly { readonly name: string; readonly runs: readonly Run[] }[];
}
