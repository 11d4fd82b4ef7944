import type { Hold, Lane } from "../lanes.ts";
import type { Panel } from "./figure.ts";
import { goneMs } from "./lane_content.ts";
import type { Bar, LaneLayout } from "./lane_layout.ts";
import type { Point } from "./visible_steps.ts";

/** Tasks that came from one worker to another, or again to the same, at about the same times. */
export interface Arrow {
  readonly tasks: readonly number[];
  /** Of the lanes, from the top. */
  readonly fromLane: number;
  readonly toLane: number;
  readonly from: Point;
  readonly to: Point;
  /** Into the bar from its left; into the lane from above or below; over the lane and back. */
  readonly way: "along" | "across" | "over";
}

const SAME_PX = 2;
/** An arrow along the time axis needs so much of it. */
const ALONG_PX = 18;
/** Beside the mark of a killed worker stands that it was. */
const WORDS_PX = 150;

/** An arrow for each redelivery; those that would lie on each other are one. */
export function arrowsOf(
  panel: Panel,
  placed: readonly LaneLayout[],
  x: (ms: number) => number,
): Arrow[] {
  const arrows = new Map<string, Arrow>();
  for (const [toLane, lane] of panel.lanes.entries()) {
    for (const hold of lane.holds) {
      if (hold.from === undefined) continue;
      const { worker, atMs } = hold.from;
      const fromLane = panel.lanes.findIndex((lane) => lane.worker === worker);
      const source = panel.lanes[fromLane];
      if (source === undefined) continue;
      const [fromX, toX] = [x(Math.min(atMs, leftMs(source, hold))), x(hold.deliveredMs)];
      const key = [fromLane, toLane, Math.round(fromX / SAME_PX), Math.round(toX / SAME_PX)]
        .join(" ");
      const same = arrows.get(key);
      arrows.set(
        key,
        same === undefined
          ? {
            ...{ tasks: [hold.task], fromLane, toLane },
            ...ends(
              { lane: placed[fromLane]!, x: fromX },
              { lane: placed[toLane]!, x: toX },
              hold.task,
            ),
          }
          : { ...same, tasks: [...same.tasks, hold.task] },
      );
    }
  }
  return [...arrows.values()];
}

/** When the worker that had the task before was without it. */
function leftMs(source: Lane, hold: Hold): number {
  const before = source.holds.findLast((other) =>
    other.task === hold.task && other !== hold && other.deliveredMs <= hold.deliveredMs
  );
  return before === undefined ? Infinity : goneMs(before, source);
}

interface End {
  readonly lane: LaneLayout;
  readonly x: number;
}

function ends(source: End, target: End, task: number): Pick<Arrow, "from" | "to" | "way"> {
  const middleX = (source.x + target.x) / 2;
  const from = { x: source.x, y: barY(source, task) };
  const free = target.x - source.x >= ALONG_PX &&
    isFree(source.lane, source.x, middleX) && isFree(target.lane, middleX, target.x);
  if (free) return { way: "along", from, to: { x: target.x, y: barY(target, task) } };
  const { y, height } = target.lane;
  if (source.lane === target.lane) {
    return { way: "over", from: { x: source.x, y }, to: { x: target.x, y } };
  }
  const down = source.lane.y < y;
  return { way: "across", from, to: { x: target.x, y: down ? y : y + height } };
}

/** At which height a task is worked on, where its lane has several rows. */
function barY({ lane, x }: End, task: number): number {
  const bar = lane.bars.filter((bar) => bar.tasks.includes(task))
    .toSorted((a, b) => distance(a, x) - distance(b, x))[0];
  return bar === undefined ? lane.barY : bar.y + bar.height / 2;
}

function distance(bar: Bar, x: number): number {
  return Math.min(Math.abs(bar.x - x), Math.abs(bar.x + bar.width - x));
}

/** Whether nothing is drawn or written in a lane from one place to another. */
function isFree({ bars, kills }: LaneLayout, left: number, right: number): boolean {
  return bars.every((bar) => bar.x >= right - 1 || bar.x + bar.width <= left + 1) &&
    kills.every((kill) => kill.x > right || kill.x + WORDS_PX < left);
}
