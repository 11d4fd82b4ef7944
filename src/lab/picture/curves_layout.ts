import { max } from "d3-array";
import { scaleLinear } from "d3-scale";
import type { QueueDepth } from "../lanes.ts";
import type { Text } from "./svg_text.ts";
import { type Point, visibleSteps } from "./visible_steps.ts";

/** Ready and unacknowledged below the lanes; steps, each point is where a level begins. */
export interface CurvesLayout {
  readonly top: number;
  /** Where nothing is in the queue. */
  readonly base: number;
  readonly ready: readonly Point[];
  readonly unacked: readonly Point[];
  readonly ticks: readonly number[];
}

const HEIGHT_PX = 46;
const LINE_PX = 12;

/** Places the curves from `top` on, with their names at the left and the numbers at the right. */
export function curvesLayout(
  depths: readonly QueueDepth[],
  { x, top, left, right, endMs, maxDepth }: {
    readonly x: (ms: number) => number;
    readonly top: number;
    readonly left: number;
    readonly right: number;
    readonly endMs: number;
    readonly maxDepth: number;
  },
): { readonly curves: CurvesLayout; readonly texts: readonly Text[] } {
  const base = top + HEIGHT_PX;
  const y = scaleLinear([0, maxDepth], [base, top]);
  const steps = endMs > depths.at(-1)!.atMs
    ? [...depths, { ...depths.at(-1)!, atMs: endMs }]
    : depths;
  const curve = (kind: "ready" | "unacked") =>
    visibleSteps(steps.map((depth) => ({ x: x(depth.atMs), y: y(depth[kind]) })));
  const named = [
    { role: "ready", text: "ready", y: y(earlyMean(steps, "ready")) },
    { role: "unacked", text: "unacknowledged", y: y(earlyMean(steps, "unacked")) },
  ] as const;
  const [upper, lower] = named[0].y < named[1].y ? named : [named[1], named[0]];
  const upperY = Math.min(Math.max(upper.y, top + LINE_PX / 2), base - LINE_PX);
  const lowerY = Math.min(Math.max(lower.y, upperY + LINE_PX), base);
  const middle = 3;
  return {
    curves: { top, base, ready: curve("ready"), unacked: curve("unacked"), ticks: [top, base] },
    texts: [
      { role: upper.role, text: upper.text, x: left, y: upperY + middle, anchor: "end" },
      { role: lower.role, text: lower.text, x: left, y: lowerY + middle, anchor: "end" },
      ...[0, maxDepth].map((count): Text => (
        { role: "tick", text: `${count}`, x: right, y: y(count) + middle, anchor: "start" }
      )),
    ],
  };
}

/** How high a curve is where it begins, so that its name can stand there. */
function earlyMean(steps: readonly QueueDepth[], kind: "ready" | "unacked"): number {
  const untilMs = (max(steps, ({ atMs }) => atMs) ?? 0) / 10;
  let area = 0;
  for (const [index, step] of steps.entries()) {
    const nextMs = Math.min(steps[index + 1]?.atMs ?? untilMs, untilMs);
    area += Math.max(0, nextMs - step.atMs) * step[kind];
  }
  return untilMs > 0 ? area / untilMs : 0;
}
