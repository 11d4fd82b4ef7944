import { bisectRight } from "d3-array";
import type { Lane } from "../lanes.ts";
import {
  type Brevity,
  type Held,
  type LaneContent,
  laneContent,
  type Work,
} from "./lane_content.ts";
import { shortened, type Text, textWidth } from "./svg_text.ts";
import { type Point, visibleSteps } from "./visible_steps.ts";

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Work on one task, or on so many that one by one they could not be seen. */
export interface Bar extends Box {
  /** One for each task that it shows. */
  readonly tasks: readonly number[];
  /** How long the work on a task took, the mean where there are several. */
  readonly workMs: number;
  /** How much that is, from 1, the lightest, to 5. */
  readonly shade: number;
  readonly end: Work["end"];
}

/** What is held at a time, on top of each other. */
export interface Strip extends Point {
  /** Up to here it waits. */
  readonly waitingY: number;
  /** From there up to here it is done, and kept. */
  readonly keptY: number;
}

export interface LaneLayout extends Box {
  readonly worker: string;
  /** Where the worker is there. */
  readonly lives: readonly Box[];
  /** Where it was killed. */
  readonly kills: readonly Point[];
  readonly bars: readonly Bar[];
  readonly strip: readonly Strip[];
  readonly texts: readonly Text[];
  /** The middle of its bars. */
  readonly barY: number;
  /** Base line of what is said of the worker where it is away. */
  readonly lineY: number;
}

/**
 * Where a shade ends, as a share of the longest work. No bound is near a fifth, a quarter, a third
 * or a half, nor their multiples: tasks of the same number of dots have the same shade.
 */
const SHADE_BOUNDS = [0.29, 0.45, 0.635, 0.87];

/** How high the parts of all lanes of a figure are, in px. */
export interface LaneMeasures {
  readonly barPx: number;
  readonly stripPx: number;
  readonly gapPx: number;
  /** What one held task adds to the strip. */
  readonly heldPx: number;
}

export interface LaneFrame {
  readonly x: (ms: number) => number;
  readonly left: number;
  readonly right: number;
  /** Where names end. */
  readonly nameX: number;
  readonly nameWidth: number;
  readonly durationMs: number;
  readonly longestWorkMs: number;
  readonly brevity: Brevity;
  readonly measures: LaneMeasures;
}

const PAD_PX = 2;
const NOTE_LINE_PX = 13;

/** The same for all lanes of a figure, so that the same height means the same. */
export function laneMeasures(lanes: number, mostHeld: number): LaneMeasures {
  const few = lanes <= 5;
  const barPx = few ? 18 : 14;
  const stripPx = Math.min(few ? 20 : 12, 6 * mostHeld);
  return {
    barPx,
    stripPx,
    gapPx: few ? 9 : 6,
    heldPx: mostHeld === 0 ? 0 : stripPx / mostHeld,
  };
}

/** Places a lane with its top at `top`. */
export function laneLayout(
  lane: Lane,
  top: number,
  frame: LaneFrame,
): LaneLayout {
  const { x, left, right, measures } = frame;
  const content = laneContent(lane, frame.brevity);
  const rowPx = content.rows === 1 ? measures.barPx : Math.max(3, Math.min(14, 56 / content.rows));
  const worksPx = rowPx * content.rows;
  const stripPx = measures.stripPx === 0 ? 0 : measures.stripPx + PAD_PX;
  const notes = notesOf(content, { strips: measures.stripPx > 0 });
  const textsPx = NOTE_LINE_PX * (1 + notes.length);
  const height = Math.max(worksPx + stripPx + 2 * PAD_PX, textsPx);
  const lives = lane.lives.length === 0
    ? [{ fromMs: 0, toMs: frame.durationMs, killed: false }]
    : lane.lives;
  const at = (ms: number) => Math.min(Math.max(x(ms), left), right);
  const barsTop = top + PAD_PX;
  const bars = barsOf(content.works, { ...frame, top: barsTop, rowPx });
  const lineY = barsTop + Math.min(worksPx, measures.barPx) / 2 + 4;
  return {
    worker: lane.worker,
    ...{ x: left, y: top, width: right - left, height },
    lives: lives.map(({ fromMs, toMs }) => (
      { x: at(fromMs), y: top, width: at(toMs) - at(fromMs), height }
    )),
    kills: lives.filter(({ killed }) => killed)
      .map(({ toMs }) => ({ x: at(toMs), y: barsTop + worksPx / 2 })),
    bars,
    strip: stripOf(content.held, at, top + height - PAD_PX, measures.heldPx),
    lineY,
    barY: barsTop + worksPx / 2,
    texts: [
      {
        ...{ role: "name", x: frame.nameX, y: lineY, anchor: "end" },
        text: shortened(lane.worker, "name", frame.nameWidth),
      },
      ...notes.map((note, index): Text => ({
        ...{ x: frame.nameX, y: lineY + NOTE_LINE_PX * (index + 1), anchor: "end" },
        ...note,
      })),
      ...rowPx >= 13 ? numbersOn(bars) : [],
    ],
  };
}

/** How many tasks are held beside the work, in words below the worker's name. */
function notesOf(
  { mostWaiting, mostKept }: LaneContent,
  { strips }: { readonly strips: boolean },
): Pick<Text, "role" | "text">[] {
  const notes: Pick<Text, "role" | "text">[] = [];
  if (mostWaiting > 0) {
    const text = mostWaiting === 1 ? "1 waits" : `up to ${mostWaiting} wait`;
    notes.push({ role: "waiting", text });
  }
  // In other lanes some do: the empty strip is meant.
  if (mostWaiting === 0 && mostKept === 0 && strips) {
    notes.push({ role: "waiting", text: "none wait" });
  }
  if (mostKept > 0) notes.push({ role: "kept", text: `${mostKept} not acked` });
  return notes;
}

function barsOf(
  works: readonly Work[],
  { x, left, right, top, rowPx, longestWorkMs }: LaneFrame & {
    readonly top: number;
    readonly rowPx: number;
  },
): Bar[] {
  const narrow = 2;
  const slit = 0.6;
  const bars: Bar[] = [];
  const lastOf: number[] = [];
  for (const [index, work] of works.entries()) {
    const x0 = Math.min(Math.max(x(work.startMs), left), right);
    const x1 = Math.min(Math.max(x(work.endMs), x0), right);
    const workMs = work.endMs - work.startMs;
    const lastIndex = lastOf[work.row];
    const last = lastIndex === undefined ? undefined : bars[lastIndex];
    const merges = last !== undefined && last.end === work.end && x1 - x0 < narrow &&
      last.width / last.tasks.length < narrow && x0 - (last.x + last.width) < slit;
    if (merges) {
      const tasks = [...last.tasks, work.task];
      const meanMs = last.workMs + (workMs - last.workMs) / tasks.length;
      const shade = shadeOf(meanMs, longestWorkMs);
      bars[lastIndex!] = {
        ...last,
        tasks,
        workMs: meanMs,
        shade,
        width: Math.max(last.width, x1 - last.x),
      };
      continue;
    }
    const next = works.slice(index + 1).find(({ row }) => row === work.row);
    const nextX = next === undefined ? right : Math.min(right, Math.max(x1, x(next.startMs)));
    // A line of background between neighbours, where there is room for it.
    const gap = x1 - x0 > 4 && nextX - x1 < 1 ? 1 : 0;
    lastOf[work.row] = bars.length;
    bars.push({
      ...{ x: x0, y: top + work.row * rowPx, height: rowPx > 6 ? rowPx - 1 : rowPx },
      width: Math.max(Math.min(0.8, nextX - x0), x1 - x0 - gap),
      ...{ tasks: [work.task], shade: shadeOf(workMs, longestWorkMs), end: work.end, workMs },
    });
  }
  return bars;
}

function shadeOf(workMs: number, longestWorkMs: number): number {
  return 1 + bisectRight(SHADE_BOUNDS, workMs / longestWorkMs);
}

/** The tasks' numbers where they fit; where most do not, only that of work that was cut short. */
function numbersOn(bars: readonly Bar[]): Text[] {
  const numbered = bars.map((bar) => ({ bar, number: numberOn(bar) }));
  const most = numbered.filter(({ number }) => number).length >= bars.length / 2;
  return numbered.flatMap(({ bar, number }) =>
    number !== undefined && (most || bar.end !== "done") ? [number] : []
  );
}

function numberOn({ tasks, x, y, width, height, end, shade }: Bar): Text | undefined {
  const role = end === "done" ? shade > 3 ? "on-heavy" : "on-light" : "on-cut";
  const text = `${tasks[0]}`;
  // At the end of what was cut short may stand the mark of a killed worker.
  const space = end === "done" ? 4 : 12;
  if (tasks.length > 1 || width < textWidth(text, role) + space) return undefined;
  return { role, text, x: x + width / 2, y: y + height / 2 + 4, anchor: "middle" };
}

function stripOf(
  held: readonly Held[],
  at: (ms: number) => number,
  base: number,
  heldPx: number,
): Strip[] {
  const steps = held.map(({ atMs, waiting, kept }): Strip => {
    const waitingY = base - waiting * heldPx;
    const keptY = waitingY - kept * heldPx;
    return { x: at(atMs), y: keptY, waitingY, keptY };
  });
  return visibleSteps(steps, (a, b) => a.waitingY === b.waitingY && a.keptY === b.keptY);
}
