import type { Span } from "./worker.ts";

/** Who did what, one line a worker: `C1: First message. · Third message...`, in the order of the work. */
export function drawShares(spans: readonly Span[]): string[] {
  return workersOf(spans).map((worker) => {
    const bodies = spans.filter((span) => span.worker === worker).map(({ body }) => body);
    return `  ${worker}: ${bodies.join(" · ")}`;
  });
}

/** From the first start to the last end, in milliseconds. */
export function makespanMs(spans: readonly Span[]): number {
  return Math.max(...spans.map(({ endMs }) => endMs)) - startMs(spans);
}

/** How long one worker worked, in milliseconds. */
export function busyMs(spans: readonly Span[], worker: string): number {
  return spans.filter((span) => span.worker === worker)
    .reduce((sum, span) => sum + span.endMs - span.startMs, 0);
}

/**
 * One line a worker, `|3=====` for the third task; blank where it has nothing to do.
 *
 * @param order all bodies in the order in which they were sent, which numbers them
 * @param columnMs the time that one character stands for
 */
export function drawTimeline(
  spans: readonly Span[],
  order: readonly string[],
  columnMs: number,
): string[] {
  const origin = startMs(spans);
  return workersOf(spans).map((worker) => {
    let line = "";
    for (const span of spans.filter((one) => one.worker === worker)) {
      const from = Math.round((span.startMs - origin) / columnMs);
      const to = Math.round((span.endMs - origin) / columnMs);
      line = line.padEnd(from) + `|${order.indexOf(span.body) + 1}`;
      line = line.padEnd(to, "=");
    }
    return `  ${worker} ${line}|`;
  });
}

/** The axis below a timeline: a mark every second. */
export function drawAxis(seconds: number, columnMs: number): string {
  let line = "";
  for (let second = 0; second <= seconds; second++) {
    line = line.padEnd(Math.round(second * 1_000 / columnMs)) + `${second}s`;
  }
  return `     ${line}`;
}

function workersOf(spans: readonly Span[]): string[] {
  return [...new Set(spans.map(({ worker }) => worker))].sort();
}

function startMs(spans: readonly Span[]): number {
  return Math.min(...spans.map((span) => span.startMs));
}
