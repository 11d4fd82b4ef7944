import { type Column, COLUMNS, type QueueFigures } from "../../queue/queue_figures.ts";
import { alignedLines } from "./aligned.ts";
import { charactersOf, columnsOf } from "./display_width.ts";
import { figureText, HEADINGS, NUMBERS } from "./queue_text.ts";
import { sparkline } from "./sparkline.ts";

/** So many looks are kept, and shown where there is room. */
const LOOKS = 10;
/** Else so many. */
const FEW_LOOKS = 5;
/** Columns that give way only where even short bars find no room. */
const LEAST_COLUMNS = 3;
/** A name is cut rather than that there is no room for a figure. */
const SHORT_NAME = 10;
const ELLIPSIS = { blocks: "…", ascii: "~" };

/** What a terminal has room for. */
export interface TerminalRoom {
  readonly columns: number;
  readonly rows: number;
  /** It shows ASCII alone. */
  readonly ascii: boolean;
}

/** Queues that are looked at again and again: a table with how ready and unacked have changed. */
export class WatchedQueues {
  readonly #columns: readonly Column[];
  #looks = new Map<string, readonly QueueFigures[]>();

  constructor(columns: readonly Column[] = COLUMNS) {
    this.#columns = columns;
  }

  /** Takes a look; queues that are gone are forgotten. */
  look(queues: readonly QueueFigures[]): void {
    this.#looks = new Map(queues.map((queue) => [
      queue.name,
      [...this.#looks.get(queue.name) ?? [], queue].slice(-LOOKS),
    ]));
  }

  /** The last look in lines that fit: columns give way from the right, then queues from below. */
  lines(room: TerminalRoom): string[] {
    const all = [...this.#looks.values()];
    // A line for the headings, one for the cursor, and one for what is left out.
    const shown = all.length + 2 > room.rows ? all.slice(0, Math.max(1, room.rows - 3)) : all;
    const lines = this.#table(shown, room);
    const left = all.length - shown.length;
    return left > 0 ? [...lines, cut(`and ${left} more`, room.columns, room)] : lines;
  }

  #table(shown: readonly (readonly QueueFigures[])[], room: TerminalRoom): string[] {
    for (const { count, looks } of layouts(this.#columns.length)) {
      const lines = table(shown, this.#columns.slice(0, count), { ...room, looks });
      if (lines !== undefined) return lines;
    }
    return shown.map((looks) => cut(figureText(looks.at(-1)!, "name"), room.columns, room));
  }
}

/** From the widest to the narrowest. */
function* layouts(most: number): Generator<{ readonly count: number; readonly looks: number }> {
  for (let count = most; count >= LEAST_COLUMNS; count--) yield { count, looks: LOOKS };
  for (let count = Math.min(most, LEAST_COLUMNS); count > 0; count--) {
    yield { count, looks: FEW_LOOKS };
    yield { count, looks: 0 };
  }
}

/** Undefined where there is no room for it. */
function table(
  shown: readonly (readonly QueueFigures[])[],
  columns: readonly Column[],
  room: TerminalRoom & { readonly looks: number },
): string[] | undefined {
  const cells = columns.flatMap((column) => cellsOf(column, room));
  const rows = [
    cells.map(({ heading }) => heading),
    ...shown.map((looks) => cells.map(({ of }) => of(looks))),
  ];
  const name = columns.indexOf("name");
  const at = cells.findIndex(({ heading }) => heading === HEADINGS.name);
  const lines = alignedLines(rows, (n) => cells[n]!.isNumber);
  const excess = columnsOf(lines[0]!) - room.columns;
  if (excess <= 0) return lines.map((line) => line.trimEnd());
  if (name < 0) return undefined;
  const longest = Math.max(...rows.map((row) => columnsOf(row[at]!)));
  if (longest - excess < SHORT_NAME) return undefined;
  const fitting = rows.map((row) => row.with(at, cut(row[at]!, longest - excess, room)));
  return alignedLines(fitting, (n) => cells[n]!.isNumber).map((line) => line.trimEnd());
}

interface Cell {
  readonly heading: string;
  readonly isNumber: boolean;
  readonly of: (looks: readonly QueueFigures[]) => string;
}

/** A figure, and its bars beside it. */
function cellsOf(
  column: Column,
  { looks: width, ascii }: { readonly looks: number; readonly ascii: boolean },
): Cell[] {
  const figure: Cell = {
    heading: HEADINGS[column],
    isNumber: NUMBERS.includes(column),
    of: (looks) => figureText(looks.at(-1)!, column),
  };
  if ((column !== "ready" && column !== "unacked") || width === 0) return [figure];
  const of = (looks: readonly QueueFigures[]) =>
    sparkline(looks.map((look) => look[column]), { width, ascii });
  return [figure, { heading: "", isNumber: false, of }];
}

function cut(text: string, columns: number, { ascii }: { readonly ascii: boolean }): string {
  if (columnsOf(text) <= columns) return text;
  let kept = "";
  for (const character of charactersOf(text)) {
    if (columnsOf(kept + character) >= columns) break;
    kept += character;
  }
  return kept + (ascii ? ELLIPSIS.ascii : ELLIPSIS.blocks);
}
