import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";

/** The source ends before the line with which it was to begin. */
export class NoSuchLine extends Error {
  override readonly name = "NoSuchLine";

  constructor(fromLine: number, lines: number) {
    super(`there is no line ${fromLine} to begin with: the input has ${lines}`);
  }
}

/** Where tasks come from. */
export type TaskSource =
  /** One text, sent `count` times; with `numbered`, `{n}` in it becomes 1, 2, 3 … */
  | {
    readonly kind: "text";
    readonly text: string;
    readonly count: number;
    readonly numbered: boolean;
  }
  /** The whole input is one task, byte for byte. */
  | { readonly kind: "input" }
  /** One task for each piece of the input that ends with the separator, which is left out. */
  | {
    readonly kind: "lines";
    readonly separator: "\n" | "\0";
    /** The line to begin with, from 1. */
    readonly fromLine: number;
  }
  /** One task a file, byte for byte. */
  | { readonly kind: "files"; readonly paths: readonly string[] };

/** A task's body, and how much of the source has been read once it is taken. */
export interface Task {
  readonly body: Uint8Array;
  /** From 1, where the source has lines. */
  readonly line?: number;
  /** From 0 to 1 where the size of the source is known. */
  readonly progress?: number;
}

/**
 * The bodies of a source, one after the other; nothing is read ahead of what is taken but one
 * chunk of the input.
 *
 * @param input standard input; read only by the sources "input" and "lines"
 * @param inputBytes the size of the input, where it is known
 * @throws {NoSuchLine} at its end; the line after the last one is where a complete send would go on
 */
export async function* readTasks(
  source: TaskSource,
  input: AsyncIterable<Uint8Array>,
  inputBytes?: number,
): AsyncGenerator<Task> {
  switch (source.kind) {
    case "text":
      for (let n = 1; n <= source.count; n++) {
        const text = source.numbered ? numbered(source.text, n) : source.text;
        yield { body: Buffer.from(text), progress: n / source.count };
      }
      return;
    case "input":
      yield { body: Buffer.concat(await Array.fromAsync(input)), progress: 1 };
      return;
    case "lines":
      yield* splitLines(input, source, inputBytes);
      return;
    case "files":
      for (const [index, path] of source.paths.entries()) {
        yield { body: await readFile(path), progress: (index + 1) / source.paths.length };
      }
  }
}

/** Replaces every `{n}`. */
export function numbered(text: string, n: number): string {
  return text.replaceAll("{n}", String(n));
}

/** Whether a source can give more than one task. */
export function isBulk(source: TaskSource): boolean {
  switch (source.kind) {
    case "text":
      return source.count > 1;
    case "files":
      return source.paths.length > 1;
    case "lines":
      return true;
    case "input":
      return false;
  }
}

async function* splitLines(
  input: AsyncIterable<Uint8Array>,
  { separator, fromLine }: TaskSource & { readonly kind: "lines" },
  inputBytes: number | undefined,
): AsyncGenerator<Task> {
  const separatorByte = separator.charCodeAt(0);
  let started: Uint8Array[] = []; // the pieces of a line that is not complete yet
  let readBytes = 0;
  let line = 0;
  for await (const chunk of input) {
    readBytes += chunk.byteLength;
    const progress = inputBytes ? { progress: Math.min(1, readBytes / inputBytes) } : {};
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(separatorByte, from);
      if (end === -1) break;
      const piece = chunk.subarray(from, end);
      from = end + 1;
      const body = started.length === 0 ? piece : Buffer.concat([...started, piece]);
      started = [];
      if (++line >= fromLine) yield { body, line, ...progress };
    }
    if (from < chunk.byteLength) started.push(chunk.subarray(from));
  }
  if (started.length > 0 && ++line >= fromLine) {
    yield { body: Buffer.concat(started), line, progress: 1 };
  }
  if (fromLine > line + 1) throw new NoSuchLine(fromLine, line);
}
