/**
 * Reads a rate: a number more than 0, whole or not.
 *
 * @returns events a second
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseRate(text: string): number {
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (rate >= 0.001 && rate <= 1_000_000) return rate;
  throw new RangeError("It must be a number from 0.001 to 1000000.");
}
