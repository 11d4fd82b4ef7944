import {
  type ExperimentReport,
  picturedRuns,
  type Table,
  type Verdict,
} from "../../lab/experiment_report.ts";
import { figureOf } from "../../lab/picture/figure.ts";
import { terminalChart } from "../../lab/picture/chart_terminal.ts";
import { terminalLegend, terminalPicture } from "../../lab/picture/terminal.ts";
import type { Context } from "../context.ts";
import { columnsOf } from "./display_width.ts";

export interface LabTextFormat {
  readonly columns: number;
  readonly colour: boolean;
}

/** Wider pictures are no better. */
const MOST_COLUMNS = 120;
const PIPE_COLUMNS = 80;

export function labTextFormat(
  { columns, stdoutIsTerminal, env }: Pick<Context, "columns" | "stdoutIsTerminal" | "env">,
): LabTextFormat {
  return {
    columns: Math.min(columns("stdout") ?? PIPE_COLUMNS, MOST_COLUMNS),
    colour: stdoutIsTerminal() && !env["NO_COLOR"],
  };
}

const SIGNS: Readonly<Record<Verdict, string>> = {
  "as the tutorial says": "[✓]",
  "as claimed": "[✓]",
  "not so": "[✗]",
  "not shown": "[?]",
};
const LEAST_LAST_COLUMNS = 10;

/** An experiment for a person: claim, commands, pictures, numbers, verdict. */
export function experimentText(report: ExperimentReport, format: LabTextFormat): string {
  const { columns } = format;
  const pictured = picturedRuns(report);
  const picture = pictured.length === 0
    ? []
    : [...terminalPicture(figureOf(pictured), format), ...terminalLegend(columns), ""];
  return [
    ...wrapped(report.claim, columns, "  "),
    ...wrapped(`(After ${report.source.title}.)`, columns, "  "),
    "",
    ...wrapped(report.question, columns, "  "),
    "",
    ...report.variants.flatMap(({ name, commands }) => [
      `  ${name}:`,
      ...commands.slice(0, 6).map((command) => `    $ ${command}`),
      ...commands.length > 6 ? [`    … ${commands.length - 6} more`] : [],
    ]),
    "",
    ...picture,
    ...(report.charts ?? []).flatMap((chart) => [...terminalChart(chart, format), ""]),
    ...report.tables.flatMap((table) => [...tableLines(table, columns), ""]),
    ...wrapped(
      `${SIGNS[report.verdict]} ${capital(report.verdict)}: ${report.because}`,
      columns,
      "",
    )
      .map((line, at) => at === 0 ? line : `    ${line}`),
    "",
  ].map((line) => `${line}\n`).join("");
}

/** `Fair dispatch (embedded, as RabbitMQ 4.3)`, underlined. */
export function experimentHeading(title: string): string {
  return `${title}\n${"─".repeat(columnsOf(title))}\n`;
}

/**
 * Aligned columns; the words of a heading stand one above the other where the cells are narrow, and
 * the last column has the room that is left.
 */
export function tableLines(table: Table, columns: number): string[] {
  const { title, columns: names, rows, note } = table;
  const widths = names.map((name, at) =>
    Math.max(...name.split(" ").map(columnsOf), ...rows.map((row) => columnsOf(row[at] ?? "")))
  );
  const sum = (gap: string) => widths.reduce((all, width) => all + width + gap.length, -gap.length);
  const gap = sum("  ") <= columns ? "  " : " ";
  const last = widths.length - 1;
  widths[last] = Math.max(LEAST_LAST_COLUMNS, widths[last]! - Math.max(0, sum(gap) - columns));
  if (sum(gap) > columns) return listLines(table, columns);
  const lines = (row: readonly string[]) => {
    const cells = row.map((cell, at) => wrapped(cell, widths[at]!, ""));
    const height = Math.max(...cells.map(({ length }) => length));
    return { cells, height };
  };
  const joined = (row: readonly (string | undefined)[]) =>
    row.map((cell = "", at) => cell + " ".repeat(Math.max(0, widths[at]! - columnsOf(cell))))
      .join(gap).trimEnd();
  const heading = lines(names);
  return [
    `${title}:`,
    ...Array.from(
      { length: heading.height },
      (_, line) => joined(heading.cells.map((cell) => cell[line - heading.height + cell.length])),
    ),
    ...rows.map(lines).flatMap(({ cells, height }) =>
      Array.from({ length: height }, (_, line) => joined(cells.map((cell) => cell[line])))
    ),
    ...note ? wrapped(note, columns, "") : [],
  ];
}

/** Row for row, what would not stand side by side. */
function listLines({ title, columns: names, rows, note }: Table, columns: number): string[] {
  return [
    `${title}:`,
    ...rows.flatMap(([name = "", ...cells]) => [
      name,
      ...cells.flatMap((cell, at) => wrapped(`${names[at + 1]}: ${cell}`, columns, "  ")),
    ]),
    ...note ? wrapped(note, columns, "") : [],
  ];
}

/** Words in lines that are no wider than that. */
export function wrapped(text: string, columns: number, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && columnsOf(`${indent}${line} ${word}`) > columns) {
      lines.push(indent + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
