import { goneMs } from "./lane_content.ts";
import type { Panel } from "./figure.ts";
import type { Point } from "./curves_layout.ts";
import type { LaneLayout } from "./lane_layout.ts";

/** Tasks that came from one worker to another, or again to the same, at about the same times. */
export interface Arrow {
  readonly tasks: readonly number[];
  readonly from: Point;
  readonly to: Point;
  /** Over the lane and back into it. */
  readonly sameLane: boolean;
}

const SAME_PX = 2;

/** An arrow for each redelivery; those that would lie on each other are one. */
export function arrowsOf(
  panel: Panel,
  placed: readonly LaneLayout[],
  x: (ms: number) => number,
): Arrow[] {
  const arrows = new Map<string, Arrow>();
  for (const [toIndex, lane] of panel.lanes.entries()) {
    for (const hold of lane.holds) {
      if (hold.from === undefined) continue;
      const { worker } = hold.from;
      const fromIndex = panel.lanes.findIndex((lane) => lane.worker === worker);
      const fromLane = panel.lanes[fromIndex];
      if (fromLane === undefined) continue;
      const before = fromLane.holds.findLast((other) =>
        other.task === hold.task && other !== hold && other.deliveredMs <= hold.deliveredMs
      );
      const fromMs = Math.min(hold.from.atMs, before ? goneMs(before, fromLane) : Infinity);
      const [fromX, toX] = [x(fromMs), x(hold.deliveredMs)];
      const key = [fromIndex, toIndex, Math.round(fromX / SAME_PX), Math.round(toX / SAME_PX)]
        .join(" ");
      const same = arrows.get(key);
      if (same) {
        arrows.set(key, { ...same, tasks: [...same.tasks, hold.task] });
        continue;
      }
      const [from, to] = [placed[fromIndex]!, placed[toIndex]!];
      const down = fromIndex < toIndex;
      arrows.set(key, {
        tasks: [hold.task],
        from: { x: fromX, y: down ? from.y + from.height : from.y },
        to: { x: toX, y: down || toIndex === fromIndex ? to.y : to.y + to.height },
        sameLane: fromIndex === toIndex,
      });
    }
  }
  return [...arrows.values()];
}
