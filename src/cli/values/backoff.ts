import type { Backoff } from "../../retry/backoff.ts";
import { parseDuration } from "./duration.ts";

/**
 * Reads a back-off: `1s..5m` doubles from one to the other, `30s` is always the same.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseBackoff(text: string): Backoff {
  const [min, max = min, ...rest] = text.split("..");
  if (rest.length > 0) throw new RangeError("Write one duration, or two: 30s, 1s..5m.");
  const backoff = { minMs: parseDuration(min!), maxMs: parseDuration(max!) };
  if (backoff.minMs === 0) throw new RangeError("It must be more than 0.");
  if (backoff.maxMs < backoff.minMs) throw new RangeError("It must not end below its beginning.");
  return backoff;
}
