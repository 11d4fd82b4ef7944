export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Levels that last for less are seen only where many of them follow each other. */
const BRIEF_PX = 1;
const COLUMN_PX = 1;

/**
 * Of a curve's steps those that are worth drawing: no flicker of a level that is left and come back
 * to at once, and of many brief levels one a pixel. The first and the last step are kept.
 */
export function visibleSteps<P extends Point>(
  steps: readonly P[],
  sameLevel: (a: P, b: P) => boolean = (a, b) => a.y === b.y,
): P[] {
  const steady: P[] = [];
  for (const step of steps) {
    const [before, last] = steady.slice(-2);
    const flickers = before !== undefined && last !== undefined && sameLevel(before, step) &&
      step.x - last.x < BRIEF_PX;
    if (flickers) steady.pop();
    else steady.push(step);
  }
  const end = steps.at(-1);
  if (end !== undefined && steady.at(-1) !== end) steady.push(end);
  const kept: P[] = [];
  let passedFrom: number | undefined;
  for (const [index, step] of steady.entries()) {
    const next = steady[index + 1];
    if (next !== undefined && index > 0 && next.x - step.x < BRIEF_PX) {
      passedFrom ??= step.x;
      if (next.x - passedFrom < COLUMN_PX) continue;
    }
    passedFrom = undefined;
    kept.push(step);
  }
  return kept;
}
