/**
 * How long the next task must wait, so that task `n` (from 0) leaves `n / rate` seconds after the
 * first, or as soon as it can: what was late does not delay the rest.
 *
 * @param rate tasks a second
 * @param elapsedMs since the first
 * @returns milliseconds; 0 or less where it is time
 */
export function aheadMs(
  n: number,
  { rate, elapsedMs }: { rate: number; elapsedMs: number },
): number {
  return n * 1_000 / rate - elapsedMs;
}
