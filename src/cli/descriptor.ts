import { fstatSync, type Stats, write } from "node:fs";
import { isatty } from "node:tty";
import type { Write } from "./output.ts";

/** How long to wait before writing again to a pipe that another process made non-blocking. */
const RETRY_MS = 5;

/**
 * Writes to a file descriptor off the main thread, so that heartbeats go on while a slow reader
 * keeps the write waiting. `process.stdout` could do it too, but costs 7 ms at every start.
 */
export function descriptorWriter(fd: number): Write {
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
