import { max } from "d3-array";
import { Cells } from "./cells.ts";
import { type Chart, chartLayout } from "./chart_layout.ts";
import type { TerminalPictureOptions } from "./terminal.ts";

const ROWS = 10;
const LEAST_PLOT_COLUMNS = 12;
/** A curve each, told apart without colour. */
const SIGNS = ["●", "○", "◆", "◇"];

/** A chart as lines of text: signs at the values, dots between them, names at the right. */
export function terminalChart(
  chart: Chart,
  { columns, colour }: TerminalPictureOptions,
): string[] {
  const { series, title, across } = chart;
  const rows = { top: 0, bottom: ROWS - 1, lineHeight: 1 };
  const { ticks } = chartLayout(chart, { ...rows, left: 0, right: 1 });
  const left = (max(ticks, ({ text }) => text.length) ?? 0) + 2;
  const namesWidth = (max(series, ({ name }) => name.length) ?? 0) + 4;
  const right = Math.max(left + LEAST_PLOT_COLUMNS, columns - namesWidth - 1);
  const layout = chartLayout(chart, { ...rows, left, right });
  const lines = Array.from({ length: ROWS + 1 }, () => new Cells(columns));
  for (const { y, text } of layout.ticks) {
    lines[Math.round(y)]!.write(left - 2 - text.length, text, "quiet");
  }
  for (const { points } of layout.series) {
    for (const [at, to] of points.slice(1).entries()) {
      const from = points[at]!;
      for (let x = Math.round(from.x) + 1; x < Math.round(to.x); x++) {
        const y = from.y + (to.y - from.y) * (x - from.x) / (to.x - from.x);
        lines[Math.round(y)]!.set(x, "·", "quiet");
      }
    }
  }
  for (const [at, { name, points, nameY }] of layout.series.entries()) {
    const sign = SIGNS[at % SIGNS.length]!;
    for (const { x, y } of points) lines[Math.round(y)]!.set(Math.round(x), sign, "work");
    lines[Math.round(nameY)]!.write(right + 2, `${sign} ${name}`, "plain");
  }
  for (const { x, text } of layout.places) {
    const middle = Math.round(x - text.length / 2);
    lines[ROWS]!.write(Math.max(0, Math.min(middle, columns - text.length)), text, "quiet");
  }
  return [
    `${title}, by ${across}:`,
    ...lines.map((line) => line.toString({ colour })),
  ];
}
