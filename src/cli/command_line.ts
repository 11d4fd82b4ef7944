import { readFileSync } from "node:fs";

/** The bytes of this process's command line; undefined where the platform does not tell them. */
export function commandLineBytes(): Uint8Array | undefined {
  try {
    return readFileSync("/proc/self/cmdline");
  } catch {
    return undefined; // no Linux
  }
}
