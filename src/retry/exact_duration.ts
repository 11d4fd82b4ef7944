/** The units in which durations are written, longest first, in ms. */
export const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/**
 * As a flag takes it, and exact: `500ms`, `1500ms`, `90s`, `2m`. Retry queues have it in their
 * names: another wording would leave those that exist behind.
 */
export function exactDuration(ms: number): string {
  for (const [unit, unitMs] of Object.entries(UNIT_MS)) {
    if (ms > 0 && ms % unitMs === 0) return `${ms / unitMs}${unit}`;
  }
  return `${ms}ms`;
}
