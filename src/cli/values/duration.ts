import { UNIT_MS } from "../../retry/exact_duration.ts";

/** The longest that a timer of the runtime can wait: 2^31 - 1 ms, nearly 25 days. */
const MAX_MS = 2 ** 31 - 1;

/**
 * Reads `500ms`, `1.5s`, `2m`, `1h`, `1d`; and 0, which needs no unit.
 *
 * @returns milliseconds, rounded
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  if (!match) throw new RangeError("Write a number and a unit: 500ms, 5s, 2m, 1h.");
  const [, number, unit] = match;
  if (unit === undefined) {
    if (Number(number) === 0) return 0;
    throw new RangeError(`It has no unit: write ${text}s or ${text}ms.`);
  }
  const ms = Math.round(Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  if (ms > MAX_MS) throw new RangeError("It must be less than 25 days.");
  return ms;
}

/** The same, but not 0. @throws {RangeError} */
export function parsePositiveDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new RangeError("It must be more than 0.");
  return ms;
}

/** The longest heartbeat that `connection.tune` can hold, a short unsigned integer. */
const MAX_HEARTBEAT_SECONDS = 65_535;

/**
 * Reads a heartbeat: a duration of whole seconds.
 *
 * @returns seconds
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseHeartbeat(text: string): number {
  const seconds = parseDuration(text) / 1_000;
  if (!Number.isInteger(seconds) || seconds > MAX_HEARTBEAT_SECONDS) {
    throw new RangeError(`It must be whole seconds, 0 to ${MAX_HEARTBEAT_SECONDS}.`);
  }
  return seconds;
}

/** `0.25 s`, `12.3 s`, `4 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
