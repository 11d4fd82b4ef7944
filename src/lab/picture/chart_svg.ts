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
const KEY_PX = 16;
const KEY_GAP_PX = 8;
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
  const right = width - MARGIN_PX - names - KEY_GAP_PX - KEY_PX - KEY_GAP_PX;
  const layout = chartLayout(chart, { ...rows, left, right });
  const height = HEAD_PX + PLOT_PX + FOOT_PX;
  return [
    ...svgHead({ title, description, width, height }),
    `<rect class="wl-bg" width="${width}" height="${height}" rx="6"/>`,
    ...layout.ticks.map(({ y }) =>
      `<path class="wl-grid wl-line" d="M${px(left - 6)} ${px(y)}H${px(right)}"/>`
    ),
    ...layout.series.map((series, at) => curveSvg(series, at, right + KEY_GAP_PX)),
    textsOf(chart, layout, { left, right, bottom: rows.bottom }).map(textSvg).join(""),
    "</svg>",
    "",
  ].join("\n");
}

/**
 * A curve, and a piece of it beside its name: where curves meet, their names stand where there is
 * room.
 */
function curveSvg(
  { points, nameY }: ChartLayout["series"][number],
  at: number,
  keyX: number,
): string {
  const name = `series${at % DASHES.length + 1}`;
  const curve = line<Point>().x(({ x }) => tenth(x)).y(({ y }) => tenth(y))(points);
  const d = `${curve}M${px(keyX)} ${px(nameY)}h${KEY_PX}`;
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
      {
        ...{ role: "name", text: name, anchor: "start" },
        ...{ x: right + KEY_GAP_PX + KEY_PX + KEY_GAP_PX, y: nameY + 4 },
      }
    )),
  ];
}
