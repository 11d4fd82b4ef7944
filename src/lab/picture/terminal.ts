import { max } from "d3-array";
import type { Lane } from "../lanes.ts";
import { Cells, type Ink } from "./cells.ts";
import type { Figure, Panel } from "./figure.ts";
import { type Brevity, type Held, laneContent, type Work } from "./lane_content.ts";

export interface TerminalPictureOptions {
  /** How wide it may be. */
  readonly columns: number;
  readonly colour: boolean;
}

const HELD_SIGNS = { waiting: "░", kept: "┄" };
const LEVELS = "▁▂▃▄▅▆▇█";
const LEAST_PLOT_COLUMNS = 20;
/** What lasts for a shorter part of a cell is left out of the curves. */
const LEAST_PART = 0.3;
/** Cells are coarse enough to leave out what is brief. */
const ALL: Brevity = { heldMs: 0, overlapMs: 0 };
/** Room for the longest of a curve's own labels. */
const CURVE_LABEL = "unacked ";

/** What the signs mean, for a reader who sees the first picture. */
const LEGEND = [
  "3███ work on task 3",
  "2░░ two wait in the worker",
  "2┄┄ two done, not acknowledged",
  "↻ delivered again",
  "✗ killed",
];

export function terminalLegend(columns: number): string[] {
  return joinedInLines(LEGEND, "   ", columns);
}

/** A figure as lines of text: lanes of workers above, the queue's curves below. */
export function terminalPicture(
  figure: Figure,
  { columns, colour }: TerminalPictureOptions,
): string[] {
  const names = figure.panels.flatMap(({ lanes }) => lanes.map(({ worker }) => worker));
  const label = Math.max(CURVE_LABEL.length, ...names.map((name) => name.length + 1));
  const width = Math.max(LEAST_PLOT_COLUMNS, columns - label);
  const scale = (ms: number) => Math.round(ms / figure.durationMs * (width - 1));
  // The way of an acknowledgment is not what is meant by "not acknowledged".
  const lasting = { heldMs: 2 * figure.durationMs / width, overlapMs: 0 };
  const line = (name: string, plot: Cells, ink: Ink = "plain") => {
    const cells = new Cells(label);
    cells.write(0, name, ink);
    const text = plot.toString({ colour });
    return text === "" && name === ""
      ? ""
      : cells.toString({ colour }).padEnd(padded(cells, colour, label)) + text;
  };
  return figure.panels.flatMap((panel) => [
    ...heading(panel, { columns, colour }),
    ...panel.lanes.flatMap((lane) => laneLines(lane, panel, { width, lasting, scale, line })),
    line("ready", curve(panel, "ready", figure, width), "ready"),
    line("unacked", curve(panel, "unacked", figure, width), "unacked"),
    line("", axis(figure, width, scale)),
    "",
  ]);
}

/** A coloured label has characters that take no column. */
function padded(cells: Cells, colour: boolean, label: number): number {
  const shown = cells.toString({ colour: false }).length;
  return label + cells.toString({ colour }).length - shown;
}

/** The title, and what came of it: beside it where there is room, else below. */
function heading(
  { title, lastDoneMs, lost }: Panel,
  { columns, colour }: TerminalPictureOptions,
): string[] {
  const words = [
    ...lastDoneMs === undefined
      ? []
      : [`the last task is done after ${(lastDoneMs / 1_000).toFixed(2)} s`],
    ...lost.length === 0 ? [] : [`lost: ${lost.map(({ task }) => task).join(", ")}`],
  ];
  const outcomeInk = lost.length > 0 ? "lost" : "quiet";
  const titles = joinedInLines(title.split(" "), " ", columns);
  const outcome = words.join(" · ");
  const left = (titles.at(-1)?.length ?? 0) + 2;
  const beside = left + outcome.length <= columns;
  const inked = (text: string, ink: Ink, after = "") => {
    const cells = new Cells(columns);
    cells.write(0, text, ink);
    cells.write(text.length + 2, after, outcomeInk);
    return cells.toString({ colour });
  };
  const below = beside ? [] : words.flatMap((word) => joinedInLines(word.split(" "), " ", columns));
  return [
    ...titles.map((line, at) =>
      inked(line, "title", beside && at === titles.length - 1 ? outcome : "")
    ),
    ...below.map((line) => inked(line, outcomeInk)),
  ];
}

/** As many of them in a line as there is room for. */
function joinedInLines(pieces: readonly string[], between: string, columns: number): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const longer = lines.length > 0 ? `${lines.at(-1)}${between}${piece}` : piece;
    if (lines.length > 0 && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(piece);
  }
  return lines;
}

interface Plot {
  readonly width: number;
  /** What a cell is too coarse for. */
  readonly lasting: Brevity;
  /** The cell of a time in ms. */
  readonly scale: (ms: number) => number;
  readonly line: (name: string, plot: Cells) => string;
}

function laneLines(lane: Lane, panel: Panel, { width, lasting, scale, line }: Plot): string[] {
  const { works, rows: count, held } = laneContent(lane, ALL);
  const rows = workRows(works, count, width, scale);
  for (const { toMs, killed } of lane.lives) {
    if (killed) rows[0]!.set(Math.min(scale(toMs), width - 1), "✗", "lost");
  }
  const waiting = heldRow(held, "waiting", width, scale);
  const kept = heldRow(laneContent(lane, lasting).held, "kept", width, scale);
  for (const cells of [...rows, waiting, kept]) {
    for (const { fromMs, toMs } of panel.outages) {
      for (let at = scale(fromMs); at < Math.max(scale(toMs), scale(fromMs) + 1); at++) {
        if (cells.isFree(at)) cells.set(at, "▒", "lost");
      }
    }
  }
  const [first, ...others] = rows;
  const lines = [line(lane.worker, first!), ...others.map((row) => line("", row))];
  return [...lines, ...[waiting, kept].map((row) => line("", row)).filter((text) => text !== "")];
}

/** A row for each task that is worked on at the same time. */
function workRows(
  works: readonly Work[],
  count: number,
  width: number,
  scale: Plot["scale"],
): Cells[] {
  const rows = Array.from({ length: count }, () => new Cells(width));
  for (const { task, row, startMs, endMs, redelivered } of works) {
    const from = scale(startMs);
    const to = Math.max(from + 1, scale(endMs));
    const cells = rows[row]!;
    cells.fill(from, to, "█", "work");
    const mark = `${redelivered ? "↻" : ""}${task}`;
    // Two numbers side by side would look like one.
    if (mark.length < to - from) cells.write(from, mark, "plain");
  }
  return rows;
}

/** How many tasks a worker has without working on them, and a number where it changes. */
function heldRow(
  held: readonly Held[],
  what: "waiting" | "kept",
  width: number,
  scale: Plot["scale"],
): Cells {
  const cells = new Cells(width);
  let before = 0;
  for (const [at, { atMs, [what]: count }] of held.entries()) {
    const from = scale(atMs);
    const to = scale(held[at + 1]?.atMs ?? atMs);
    if (from === to) continue; // what follows within a cell takes it
    if (count > 0) {
      cells.fill(from, to, HELD_SIGNS[what], "waiting");
      const isNews = count !== before && `${count}`.length < to - from;
      if (isNews) cells.write(from, `${count}`, "plain");
    }
    before = count;
  }
  return cells;
}

/** One of eight heights a cell: the most that there was for a good part of it. */
function curve(
  { depths }: Panel,
  which: "ready" | "unacked",
  { durationMs, maxDepth }: Figure,
  width: number,
): Cells {
  const cellMs = durationMs / width;
  const lasting = depths.map((depth, at) => ({
    fromMs: depth.atMs,
    toMs: depths[at + 1]?.atMs ?? durationMs,
    depth: depth[which],
  })).filter(({ fromMs, toMs }) => toMs - fromMs >= cellMs * LEAST_PART);
  const heights = Array.from({ length: width }, (_, at) =>
    max(
      lasting.filter(({ fromMs, toMs }) => {
        const shared = Math.min(toMs, (at + 1) * cellMs) - Math.max(fromMs, at * cellMs);
        return shared >= cellMs * LEAST_PART;
      }),
      ({ depth }) => depth,
    ) ?? 0);
  const cells = new Cells(width);
  for (const [at, depth] of heights.entries()) {
    const level = Math.ceil(depth / maxDepth * LEVELS.length) - 1;
    if (depth > 0) cells.set(at, LEVELS[level]!, which);
  }
  const highest = Math.max(...heights);
  if (highest > 0) cells.write(heights.indexOf(highest), `${highest}`, "plain");
  return cells;
}

function axis({ durationMs }: Figure, width: number, scale: Plot["scale"]): Cells {
  const cells = new Cells(width);
  const stepMs = tickStepMs(durationMs, Math.floor(width / 10));
  for (let ms = 0; ms <= durationMs; ms += stepMs) {
    const text = `${Number((ms / 1_000).toFixed(2))}s`;
    const at = scale(ms);
    if (at + text.length <= width) cells.write(at, text, "quiet");
  }
  return cells;
}

/** 1, 2 or 5 times a power of ten: so many ticks at the most. */
function tickStepMs(durationMs: number, most: number): number {
  const least = durationMs / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((step) => step * power >= least) ?? 10);
}
