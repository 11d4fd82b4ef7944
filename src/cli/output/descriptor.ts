import { fstatSync, type Stats, write, writeSync } from "node:fs";
import process from "node:process";
import { isatty, WriteStream } from "node:tty";
import type { Write } from "./output.ts";

/** How long to wait before writing again to a pipe that another process made non-blocking. */
const RETRY_MS = 5;

/**
 * Writes to a file descriptor. `process.stdout` could do it too, but costs 7 ms at every start.
 *
 * A pipe or a terminal can keep a writer waiting for as long as its reader likes: it is written to
 * off the main thread, so that heartbeats go on. A file or /dev/null never does.
 */
export function descriptorWriter(fd: number): Write {
  return canKeepWaiting(fd) ? asynchronousWriter(fd) : synchronousWriter(fd);
}

function canKeepWaiting(fd: number): boolean {
  const stat = descriptorStat(fd);
  return !(stat?.isFile() || stat?.isCharacterDevice()) || isatty(fd);
}

function synchronousWriter(fd: number): Write {
  return function writeAll(bytes, written) {
    try {
      for (let rest = bytes; rest.byteLength > 0;) rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      return written(error as NodeJS.ErrnoException);
    }
    written();
  };
}

function asynchronousWriter(fd: number): Write {
  return function writeAll(bytes, written) {
    write(fd, bytes, (error, count) => {
      if (error?.code === "EAGAIN") setTimeout(() => writeAll(bytes, written), RETRY_MS);
      else if (error) written(error);
      else if (count < bytes.byteLength) writeAll(bytes.subarray(count), written);
      else written();
    });
  };
}

/** Whether a descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  return descriptorStat(fd)?.isCharacterDevice() === true && isatty(fd);
}

/** Whether two descriptors lead to the same place: a terminal, or `2>&1`. */
export function isSameFile(one: number, other: number): boolean {
  const [a, b] = [descriptorStat(one), descriptorStat(other)];
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** How large a terminal is; undefined for what is none. */
export interface TerminalSize {
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

/** Looked up once and after each change. */
export function terminalSize(fd: number): () => TerminalSize {
  let known: TerminalSize | undefined;
  return function size() {
    if (known) return known;
    if (!isTerminal(fd)) return known = { columns: undefined, rows: undefined };
    const { columns, rows } = new WriteStream(fd);
    known = { columns: columns || undefined, rows: rows || undefined }; // 0 where it is not known
    process.once("SIGWINCH", () => known = undefined);
    return known;
  };
}

/** The size of a regular file; undefined for a terminal, a pipe, or a closed descriptor. */
export function sizeOfFile(fd: number): number | undefined {
  const stat = descriptorStat(fd);
  return stat?.isFile() ? stat.size : undefined;
}

function descriptorStat(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined; // closed
  }
}
