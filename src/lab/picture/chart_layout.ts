import { max, min } from "d3-array";
import { scaleLinear, scaleLog, scalePoint } from "d3-scale";
import type { Point } from "./visible_steps.ts";

/** Curves over a few named places, for numbers that do not come from recordings. */
export interface Chart {
  readonly title: string;
  /** Below the axis, for example "prefetch". */
  readonly across: string;
  /** What stands at each place, from the left. */
  readonly places: readonly string[];
  /** Whether a step up is ten times as much; all values are above 0 then. */
  readonly logarithmic: boolean;
  /** The least and the greatest of other charts too, where all are to have one scale. */
  readonly extent?: readonly [number, number];
  /** One value for each place. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** A chart with everything in its place, in the unit of its frame: px or cells. */
export interface ChartLayout {
  readonly places: readonly { readonly x: number; readonly text: string }[];
  readonly ticks: readonly { readonly y: number; readonly text: string }[];
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly Point[];
    /** Where its name stands, at the right: names do not cover each other. */
    readonly nameY: number;
  }[];
}

export interface ChartFrame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** How high a line of text is. */
  readonly lineHeight: number;
}

/** Places a chart; the same computation for each renderer. */
export function chartLayout(chart: Chart, frame: ChartFrame): ChartLayout {
  const { places, series, logarithmic, extent = [] } = chart;
  const { left, right, top, bottom, lineHeight } = frame;
  const x = scalePoint(places, [left, right]);
  const values = [...extent, ...series.flatMap(({ values }) => values)];
  const most = max(values) ?? 1;
  const y = logarithmic
    ? scaleLog([min(values) ?? 1, most], [bottom, top]).nice()
    : scaleLinear([0, most], [bottom, top]).nice();
  const mostTicks = Math.max(2, Math.floor((bottom - top) / (2 * lineHeight)));
  const ticks = logarithmic ? y.ticks().filter(isPowerOfTen) : y.ticks(mostTicks);
  const placed = series.map(({ name, values }) => ({
    name,
    points: values.map((value, at) => ({ x: x(places[at]!)!, y: y(value) })),
  }));
  const nameYs = apart(placed.map(({ points }) => points.at(-1)!.y), frame);
  return {
    places: places.map((text) => ({ text, x: x(text)! })),
    ticks: ticks.map((value) => ({ y: y(value), text: value.toLocaleString("en") })),
    series: placed.map((one, at) => ({ ...one, nameY: nameYs[at]! })),
  };
}

function isPowerOfTen(value: number): boolean {
  return Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6);
}

/** Near where they want to be, and a line apart. */
function apart(wanted: readonly number[], { top, bottom, lineHeight }: ChartFrame): number[] {
  const ys = [...wanted];
  const order = wanted.map((_, at) => at).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  let least = top;
  for (const at of order) {
    ys[at] = Math.max(least, ys[at]!);
    least = ys[at]! + lineHeight;
  }
  let most = bottom;
  for (const at of order.toReversed()) {
    ys[at] = Math.min(most, ys[at]!);
    most = ys[at]! - lineHeight;
  }
  return ys;
}
