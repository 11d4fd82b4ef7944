import { Buffer } from "node:buffer";
import type { Delivery } from "../../amqp/delivery.ts";
import type { OutputStream } from "../../work/exec/command_runner.ts";
import type { Context } from "../context.ts";
import { printableText } from "./body.ts";

const NEWLINE = 0x0a;

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
 */
export class CommandLines {
  readonly #options: CommandLinesOptions;
  /** Whether the lines of a stream name their tasks. */
  readonly #named: Readonly<Record<OutputStream, boolean>>;

  constructor(options: CommandLinesOptions) {
    const { prefix, context } = options;
    this.#options = options;
    this.#named = {
      stdout: prefix || context.stdoutIsTerminal(),
      stderr: prefix || context.stderrIsTerminal(),
    };
  }

  /**
   * Whether lines of others come between those of one command. Where none do, a command's bytes are
   * left as they are.
   */
  mixed(stream: OutputStream): boolean {
    return stream === "stderr" || this.#options.concurrent || this.#named[stream];
  }

  /** @returns a wait for room, where much is pending */
  write(stream: OutputStream, lines: Uint8Array, delivery: Delivery): Promise<void> | undefined {
    const { worker, context } = this.#options;
    const output = context[stream];
    output.write(this.#named[stream] ? prefixed(lines, outputPrefix(worker, delivery)) : lines);
    return output.room();
  }
}

/** What stands in front of the lines of one task: `C1 6ae3f036 | `. */
function outputPrefix(worker: string, { messageId, deliveryTag }: Delivery): string {
  const id = messageId === undefined ? `#${deliveryTag}` : messageId.slice(0, ID_CHARACTERS);
  return `${printableText(`${worker} ${id}`)} | `;
}

/** Whole lines with the prefix in front of each; their bytes stay as they are. */
function prefixed(lines: Uint8Array, prefix: string): Uint8Array {
  const prefixBytes = Buffer.from(prefix);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < lines.byteLength;) {
    const newline = lines.indexOf(NEWLINE, start);
    const end = newline === -1 ? lines.byteLength : newline + 1;
    pieces.push(prefixBytes, lines.subarray(start, end));
    start = end;
  }
  return Buffer.concat(pieces);
}
