import { build } from "hdr-histogram-js";

/** Longer ones count as this. */
const MOST_MS = 60_000;

/** The percentiles of latencies in ms, to three digits; 0 where there are none. */
export function latencyPercentiles(
  latenciesMs: readonly number[],
  percentiles: readonly number[],
): number[] {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MOST_MS * 1_000,
    numberOfSignificantValueDigits: 3,
  });
  for (const ms of latenciesMs) {
    histogram.recordValue(Math.max(1, Math.round(Math.min(ms, MOST_MS) * 1_000)));
  }
  return percentiles.map((percentile) => histogram.getValueAtPercentile(percentile) / 1_000);
}
