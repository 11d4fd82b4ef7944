import { line } from "d3-shape";
import { max } from "d3-array";
import { type Chart, type ChartLayout, chartLayout } from "./chart_layout.ts";
import { px, svgHead, type SvgOptions, tenth, textSvg } from "./svg.ts";
import { type Text, textWidth } from "./svg_text.ts";
import type { Point } from "./visible_steps.ts";

const MARGIN_PX = 16;
const PLOT_PX = 150;
const HEAD_PX = 44;
const FOOT_PX = 48;
const DASHES = ["", "6 3", "2 3", "8 3 2 3"];

/** Draws a chart as one self-contained SVG element. */
export function chartSvg(
  chart: Chart,
  { title, description, width = 720 }: SvgOptions,
): string {
  const rows = { top: HEAD_PX, bottom: HEAD_PX + PLOT_PX, lineHeight: 14 };
  const { ticks } = chartLayout(chart, { ...rows, left: 0, right: 1 });
  const left = MARGIN_PX + (max(ticks, ({ text }) => textWidth(text, "tick")) ?? 0) + 14;
  const names = max(chart.series, ({ name }) => textWidth(name, "name")) ?? 0;
  const right = width - MARGIN_PX - names - 10;
  const layout = chartLayout(chart, { ...rows, left, right });
  const height = HEAD_PX + PLOT_PX + FOOT_PX;
  return [
    ...svgHead({ title, description, width, height }),
    `<rect class="wl-bg" width="${width}" height="${height}" rx="6"/>`,
    ...layout.ticks.map(({ y }) =>
      `<path class="wl-grid wl-line" d="M${px(left - 6)} ${px(y)}H${px(right)}"/>`
    ),
    ...layout.series.map(curveSvg),
    textsOf(chart, layout, { left, right, bottom: rows.bottom }).map(textSvg).join(""),
    "</svg>",
    "",
  ].join("\n");
}

function curveSvg({ points }: ChartLayout["series"][number], at: number): string {
  const name = `series${at % DASHES.length + 1}`;
  const d = line<Point>().x(({ x }) => tenth(x)).y(({ y }) => tenth(y))(points);
  const dashes = DASHES[at % DASHES.length];
  const dashed = dashes === "" ? "" : ` stroke-dasharray="${dashes}"`;
  const dots = points.map(({ x, y }) => `M${px(x)} ${px(y)}h0`).join("");
  return `<path class="wl-${name} wl-line" stroke-width="2"${dashed} d="${d}"/>` +
    `<path class="wl-${name} wl-line" stroke-width="7" d="${dots}"/>`;
}

function textsOf(
  chart: Chart,
  layout: ChartLayout,
  { left, right, bottom }: {
    readonly left: number;
    readonly right: number;
    readonly bottom: number;
  },
): Text[] {
  return [
    { role: "title", text: chart.title, x: MARGIN_PX, y: 26, anchor: "start" },
    ...layout.ticks.map(({ y, text }): Text => (
      { role: "tick", text, x: left - 12, y: y + 4, anchor: "end" }
    )),
    ...layout.places.map(({ x, text }): Text => (
      { role: "tick", text, x, y: bottom + 18, anchor: "middle" }
    )),
    {
      ...{ role: "note", text: chart.across, anchor: "middle" },
      ...{ x: (left + right) / 2, y: bottom + 36 },
    },
    ...layout.series.map(({ name, nameY }): Text => (
      { role: "name", text: name, x: right + 10, y: nameY + 4, anchor: "start" }
    )),
  ];
}
