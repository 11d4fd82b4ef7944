import { readFileSync } from "node:fs";

/** SIGHUP in the masks of proc(5): signal 1 is the lowest bit. */
const HANGUP = 1;

/**
 * Whether the end of the terminal asks this process to stop. Who was started by `nohup` ignores it,
 * which must be seen before a handler is set; only Linux shows it. Elsewhere SIGHUP keeps the
 * meaning that it was given.
 */
export function heedsHangup(): boolean {
  try {
    const [, ignored] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))!;
    return (Number.parseInt(ignored!.slice(-1), 16) & HANGUP) === 0;
  } catch {
    return false;
  }
}
