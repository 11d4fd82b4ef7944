import { max } from "d3-array";
import { type Lanes, lanesOf } from "../lanes.ts";
import { isTaskEvent, type Recording } from "../recording.ts";

/** One variant of a figure: its lanes, on the time axis that all variants share. */
export interface Panel extends Lanes {
  readonly title: string;
  readonly command: string;
  /** Of each task by its number, for labels. */
  readonly bodies: ReadonlyMap<number, string>;
  /** Those that nobody had sent. */
  readonly unexpected: ReadonlySet<number>;
  /** When the last work ended, in ms; undefined where none did. */
  readonly lastDoneMs: number | undefined;
  /** How many tasks ended otherwise than done or lost; only what there was. */
  readonly outcomes: ReadonlyMap<Outcome, number>;
}

const OUTCOMES = ["expired", "refused", "returned", "dead"] as const;
export type Outcome = typeof OUTCOMES[number];

/** What a picture shows, before anything is placed: all panels have one scale. */
export interface Figure {
  readonly panels: readonly Panel[];
  /** The time axis of all panels, from 0 to here, in ms. */
  readonly durationMs: number;
  /** The most messages that were ready or unacknowledged at once. */
  readonly maxDepth: number;
  /** Tasks with much work are darker: the longest work of any, in ms. */
  readonly longestWorkMs: number;
}

/** Puts recordings side by side, one panel each. */
export function figureOf(recordings: readonly Recording[]): Figure {
  const panels = recordings.map((recording): Panel => {
    const lanes = lanesOf(recording);
    const done = lanes.lanes.flatMap(({ holds }) => holds)
      .filter(({ end }) => end === "done").map(({ workEndMs }) => workEndMs);
    return {
      ...lanes,
      title: recording.variant,
      command: recording.commands.find((command) =>
        command.includes(" work")
      )?.replace(/ &$/, "") ?? "",
      bodies: new Map(recording.tasks.map(({ task, body }) => [task, body])),
      unexpected: new Set(
        recording.tasks.filter(({ unexpected }) => unexpected).map(({ task }) => task),
      ),
      lastDoneMs: max(done),
      outcomes: outcomesOf(recording),
    };
  });
  const depths = panels.flatMap(({ depths }) => depths);
  const works = panels.flatMap(({ lanes }) => lanes).flatMap(({ holds }) => holds)
    // What was cut short may have been noticed long after.
    .filter(({ startMs, end }) => startMs < Infinity && (end === "done" || end === "failed"))
    .map(({ startMs, workEndMs }) => workEndMs - startMs);
  return {
    panels,
    durationMs: Math.max(1, max(panels, ({ endMs }) => endMs) ?? 0),
    maxDepth: Math.max(1, max(depths, ({ ready, unacked }) => Math.max(ready, unacked)) ?? 0),
    longestWorkMs: Math.max(1, max(works) ?? 0),
  };
}

function outcomesOf({ events }: Recording): Map<Outcome, number> {
  const counts = new Map<Outcome, number>();
  for (const outcome of OUTCOMES) {
    const tasks = events.filter(isTaskEvent).filter(({ kind }) => kind === outcome)
      .map(({ task }) => task);
    if (tasks.length > 0) counts.set(outcome, new Set(tasks).size);
  }
  return counts;
}
