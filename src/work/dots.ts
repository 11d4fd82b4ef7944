import { setTimeout } from "node:timers/promises";
import type { Handler } from "./outcome.ts";

const DOT = ".".charCodeAt(0);

export interface DotsOptions {
  /** How long one dot takes. */
  readonly dotMs: number;
  /** Die in the middle of this task, counted from 1. */
  readonly crashDuring?: number;
  /** Ends this process as `kill -9` does. */
  readonly crash: () => Promise<never>;
}

/** The tutorial's pretended work: every dot in the body takes `dotMs`. */
export function dotsHandler({ dotMs, crashDuring, crash }: DotsOptions): Handler {
  let started = 0;
  return async (delivery, { abort }) => {
    const ms = countDots(delivery.body) * dotMs;
    if (++started === crashDuring) {
      await setTimeout(ms / 2, undefined, { signal: abort });
      await crash();
    }
    if (ms > 0) await setTimeout(ms, undefined, { signal: abort });
    return { kind: "done" };
  };
}

/** How many dots (0x2E) a body has, whatever its encoding. */
export function countDots(body: Uint8Array): number {
  let dots = 0;
  for (const byte of body) if (byte === DOT) dots++;
  return dots;
}
