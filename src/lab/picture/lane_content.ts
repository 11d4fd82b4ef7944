import { max } from "d3-array";
import type { Hold, Lane } from "../lanes.ts";

/** Work on a task, in one of the rows of its lane: those at the same time stand in several. */
export interface Work {
  readonly task: number;
  readonly row: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly end: Hold["end"];
  readonly redelivered: boolean;
}

/** How many tasks a worker has in hand without working on them, from a time on. */
export interface Held {
  readonly atMs: number;
  /** Prefetched, and not begun. */
  readonly waiting: number;
  /** Done, and not acknowledged. */
  readonly kept: number;
}

/** What a lane shows, in ms: any renderer places it. */
export interface LaneContent {
  readonly works: readonly Work[];
  /** At least 1, also where nothing was done. */
  readonly rows: number;
  /** Steps in the order of time; the last one holds nothing. */
  readonly held: readonly Held[];
  readonly mostWaiting: number;
  readonly mostKept: number;
}

/** What is too short to be shown, in ms. */
export interface Brevity {
  /**
   * What is held for less is not counted: the way of an acknowledgment is not what is meant by
   * waiting, and the counts say what the picture shows.
   */
  readonly heldMs: number;
  /** Works that overlap by less are one after the other: clocks are read one after the other. */
  readonly overlapMs: number;
}

/** Puts the work of a lane into rows and counts what is held beside it. */
export function laneContent(lane: Lane, { heldMs, overlapMs }: Brevity): LaneContent {
  const rows: number[] = [];
  const works: Work[] = [];
  for (const hold of lane.holds.toSorted((a, b) => a.startMs - b.startMs)) {
    if (hold.startMs === Infinity) continue;
    const free = rows.findIndex((endMs) => endMs <= hold.startMs + overlapMs);
    const row = free === -1 ? rows.length : free;
    const startMs = Math.max(hold.startMs, rows[row] ?? 0);
    const endMs = Math.max(startMs, Math.min(hold.workEndMs, goneMs(hold, lane)));
    rows[row] = endMs;
    const { task, end, redelivered } = hold;
    works.push({ task, row, startMs, endMs, end, redelivered });
  }
  const held = heldOf(lane, heldMs);
  return {
    works,
    rows: Math.max(1, rows.length),
    held,
    mostWaiting: max(held, ({ waiting }) => waiting) ?? 0,
    mostKept: max(held, ({ kept }) => kept) ?? 0,
  };
}

/** When a task was no longer with its worker: it left, or the worker did. */
export function goneMs(hold: Hold, lane: Lane): number {
  const life = lane.lives.findLast(({ fromMs }) => fromMs <= hold.deliveredMs);
  return Math.min(hold.endMs, Math.max(hold.deliveredMs, life?.toMs ?? Infinity));
}

function heldOf(lane: Lane, heldMs: number): Held[] {
  const changes = new Map<number, { waiting: number; kept: number }>();
  const count = (fromMs: number, toMs: number, what: "waiting" | "kept") => {
    if (toMs - fromMs < heldMs) return;
    for (const [atMs, by] of [[fromMs, 1], [toMs, -1]] as const) {
      const change = changes.get(atMs) ?? { waiting: 0, kept: 0 };
      change[what] += by;
      changes.set(atMs, change);
    }
  };
  for (const hold of lane.holds) {
    const toMs = goneMs(hold, lane);
    count(hold.deliveredMs, Math.min(hold.startMs, toMs), "waiting");
    if (hold.startMs < Infinity) count(hold.workEndMs, toMs, "kept");
  }
  const steps: Held[] = [];
  let waiting = 0;
  let kept = 0;
  for (const [atMs, change] of [...changes].toSorted(([a], [b]) => a - b)) {
    waiting += change.waiting;
    kept += change.kept;
    steps.push({ atMs, waiting, kept });
  }
  return steps;
}
