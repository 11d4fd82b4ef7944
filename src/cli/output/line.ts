import { quotedBody } from "./body.ts";
import { columnsOf } from "./display_width.ts";

/** Of a line where no terminal limits it. */
const PIPE_COLUMNS = 200;

/** A line of these fits in any terminal: how wide it is need not be asked. */
const NARROW_COLUMNS = 40;

/** A byte that is escaped, as `\\xff`. */
const ESCAPE_COLUMNS = 4;

/** So much of a body is shown however narrow the terminal is. */
const LEAST_BODY_COLUMNS = 24;

/** A line for a person, and the stream it belongs to. */
export interface Line {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

export function stdout(text: string): Line {
  return { stream: "stdout", text };
}

export function stderr(text: string): Line {
  return { stream: "stderr", text };
}

/** How wide the terminal is that a stream goes to; undefined where it goes to none. */
export type Columns = (stream: Line["stream"]) => number | undefined;

/** A line about a task, whose body is quoted and cut so that the line fits in the terminal. */
export function taskLine(
  { stream, before, body, after = "" }: {
    readonly stream: Line["stream"];
    readonly before: string;
    readonly body: Uint8Array;
    readonly after?: string;
  },
  columns: Columns,
): Line {
  const around = columnsOf(before) + columnsOf(after);
  const most = around + body.byteLength * ESCAPE_COLUMNS + 2;
  const line = most <= NARROW_COLUMNS ? NARROW_COLUMNS : columns(stream) ?? PIPE_COLUMNS;
  const quoted = quotedBody(body, Math.max(line - around, LEAST_BODY_COLUMNS));
  return { stream, text: before + quoted + after };
}
