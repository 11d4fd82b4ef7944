import { sum } from "d3-array";
import { goneMs } from "./lane_content.ts";
import type { Arrow } from "./arrows.ts";
import type { Panel } from "./figure.ts";
import type { LaneFrame, LaneLayout } from "./lane_layout.ts";
import { type Text, textWidth } from "./svg_text.ts";
import type { Point } from "./visible_steps.ts";

/** Where tasks were lost. */
export interface LostMark extends Point {
  readonly tasks: readonly number[];
}

interface Place {
  /** Undefined where no worker had them. */
  readonly lane: LaneLayout | undefined;
  readonly x: number;
  readonly tasks: number[];
  readonly killed: boolean;
  /** How many tasks went from here to a worker. */
  readonly redelivered: number;
}

const SAME_PX = 6;
const MOST_LISTED = 6;
const MARK_PX = 8;
const GAP_PX = 6;

/**
 * The marks of lost tasks and of killed workers with what can be said beside them: to the right,
 * where the lane is free. Tasks that no worker had stand in a row of their own, at `rowY`.
 */
export function lostOf(
  panel: Panel,
  lanes: readonly LaneLayout[],
  { x, right, nameX, rowY, arrows }: LaneFrame & {
    readonly rowY: number;
    readonly arrows: readonly Arrow[];
  },
): { readonly marks: LostMark[]; readonly texts: Text[]; readonly hasRow: boolean } {
  const places: Place[] = lanes.flatMap((lane, index) =>
    lane.kills.map((kill) => ({
      ...{ lane, x: kill.x, tasks: [], killed: true },
      redelivered: sum(arrows, ({ fromLane, from, tasks }) =>
        fromLane === index && Math.abs(from.x - kill.x) < SAME_PX ? tasks.length : 0),
    }))
  );
  for (const { task, worker, atMs } of panel.lost) {
    const index = panel.lanes.findIndex((lane) => lane.worker === worker);
    const source = panel.lanes[index];
    const hold = source?.holds.findLast((hold) => hold.task === task);
    const lane = lanes[index];
    const at = Math.min(right, x(hold && source ? goneMs(hold, source) : atMs));
    const near = places.find((place) => place.lane === lane && Math.abs(place.x - at) < SAME_PX);
    if (near) near.tasks.push(task);
    else places.push({ lane, x: at, tasks: [task], killed: false, redelivered: 0 });
  }
  const marks: LostMark[] = [];
  const texts: Text[] = [];
  const hasRow = places.some(({ lane }) => lane === undefined);
  if (hasRow) texts.push({ role: "lost", text: "lost", x: nameX, y: rowY + 4, anchor: "end" });
  const ordered = places.toSorted((a, b) => a.x - b.x);
  for (const [index, place] of ordered.entries()) {
    const y = place.lane?.lineY ?? rowY + 4;
    const next = ordered.slice(index + 1).find(({ lane }) => lane === place.lane);
    const freeTo = Math.min(right, (next?.x ?? Infinity) - GAP_PX, busyFrom(place));
    let at = place.x + GAP_PX + (place.killed ? MARK_PX / 2 : 0);
    const told = place.tasks.length === 0 ? 0 : GAP_PX + MARK_PX + shortest(place);
    const outcome = outcomesOf(place).find((outcome) =>
      at + textWidth(outcome, "note") + told <= freeTo
    );
    if (outcome !== undefined) {
      texts.push({ role: "note", text: outcome, x: at, y, anchor: "start" });
      at += textWidth(outcome, "note") + GAP_PX;
    }
    if (place.tasks.length === 0) continue;
    const markX = place.lane === undefined ? place.x : Math.min(at + MARK_PX / 2, right);
    marks.push({ x: markX, y: y - 4, tasks: place.tasks });
    const wordX = markX + MARK_PX;
    const words = wordings(place)
      .find((words) => wordX + textWidth(words, "lost") <= freeTo);
    if (words) texts.push({ role: "lost", text: words, x: wordX, y, anchor: "start" });
  }
  return { marks, texts, hasRow };
}

/** What became of a worker, in full or shorter. */
function outcomesOf({ killed, redelivered }: Place): string[] {
  if (!killed) return [];
  return [...redelivered > 0 ? [`killed, ${redelivered} redelivered`] : [], "killed"];
}

/** Which tasks, in full or shorter; the row of those that no worker had says itself that. */
function wordings({ lane, tasks }: Place): string[] {
  const lost = lane === undefined ? "" : " lost";
  const listed = tasks.join(", ");
  if (tasks.length === 1) return [`${listed}${lost}`, listed];
  const counted = lane === undefined ? `${tasks.length} tasks` : `${tasks.length} lost`;
  return tasks.length <= MOST_LISTED ? [`${listed}${lost}`, listed, counted] : [counted];
}

function shortest(place: Place): number {
  return Math.min(...wordings(place).map((words) => textWidth(words, "lost")));
}

/** Where the lane is used again after a mark. */
function busyFrom({ lane, x }: Place): number {
  if (lane === undefined) return Infinity;
  const starts = lane.bars.filter((bar) => bar.x + bar.width > x + SAME_PX).map((bar) => bar.x);
  return Math.min(Infinity, ...starts) - GAP_PX;
}
