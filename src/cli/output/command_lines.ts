import { Buffer } from "node:buffer";
import type { Delivery } from "../../amqp/delivery.ts";
import type { OutputStream } from "../../work/exec/command_runner.ts";
import type { Context } from "../context.ts";
import { printableLine, printableText } from "./body.ts";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Enough of a unique id to tell tasks apart on a screen. */
const ID_CHARACTERS = 8;

export interface CommandLinesOptions {
  /** The worker's name. */
  readonly worker: string;
  readonly context: Pick<Context, "stdout" | "stderr" | "stdoutIsTerminal" | "stderrIsTerminal">;
  /** Whether the lines of several commands may come at the same time. */
  readonly concurrent: boolean;
  /** Whether each line names its task even where no person looks at it. */
  readonly prefix: boolean;
}

/**
 * What commands print, for a person or for a pipe: whole lines, on the stream that they came from.
 * On a terminal they are escaped, because a command repeats what strangers sent; in a pipe the
 * bytes stay as they are.
 */
export class CommandLines {
  readonly #options: CommandLinesOptions;
  readonly #terminal: Readonly<Record<OutputStream, boolean>>;

  constructor(options: CommandLinesOptions) {
    const { context } = options;
    this.#options = options;
    this.#terminal = { stdout: context.stdoutIsTerminal(), stderr: context.stderrIsTerminal() };
  }

  /**
   * Whether lines of others come between those of one command. Where none do, a command's bytes are
   * left as they are.
   */
  mixed(stream: OutputStream): boolean {
    return stream === "stderr" || this.#options.concurrent || this.#named(stream);
  }

  /** @returns a wait for room, where much is pending */
  write(stream: OutputStream, lines: Uint8Array, delivery: Delivery): Promise<void> | undefined {
    const { worker, context } = this.#options;
    const output = context[stream];
    if (this.#named(stream)) {
      const shown = this.#terminal[stream] ? escapedLine : asItIs;
      output.write(prefixed(lines, outputPrefix(worker, delivery), shown));
    } else output.write(lines);
    return output.room();
  }

  /** Whether the lines of a stream name their tasks. */
  #named(stream: OutputStream): boolean {
    return this.#options.prefix || this.#terminal[stream];
  }
}

/** What stands in front of the lines of one task: `C1 6ae3f036 | `. */
function outputPrefix(worker: string, { messageId, deliveryTag }: Delivery): string {
  const id = messageId === undefined ? `#${deliveryTag}` : messageId.slice(0, ID_CHARACTERS);
  return `${printableText(`${worker} ${id}`)} | `;
}

/** Whole lines with the prefix in front of each. */
function prefixed(
  lines: Uint8Array,
  prefix: string,
  shown: (line: Uint8Array) => Uint8Array,
): Uint8Array {
  const prefixBytes = Buffer.from(prefix);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < lines.byteLength;) {
    const newline = lines.indexOf(NEWLINE, start);
    const end = newline === -1 ? lines.byteLength : newline + 1;
    pieces.push(prefixBytes, shown(lines.subarray(start, end)));
    start = end;
  }
  return Buffer.concat(pieces);
}

function asItIs(line: Uint8Array): Uint8Array {
  return line;
}

/** The line's end stays one, that of DOS too. */
function escapedLine(line: Uint8Array): Uint8Array {
  let end = line.byteLength;
  if (line[end - 1] === NEWLINE) end--;
  if (line[end - 1] === CARRIAGE_RETURN) end--;
  return Buffer.concat([Buffer.from(printableLine(line.subarray(0, end))), line.subarray(end)]);
}
