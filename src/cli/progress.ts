import type { Output } from "./output.ts";

const BAR_WIDTH = 24;
const REDRAW_MS = 100;

export interface ProgressState {
  readonly sent: number;
  readonly elapsedMs: number;
  /** From 0 to 1, where the end is known. */
  readonly fraction?: number | undefined;
}

/** One line: `[########----------------]  33 %  33,000 sent  31,200/s`; without a known end no bar. */
export function drawProgress({ sent, elapsedMs, fraction }: ProgressState): string {
  const rate = elapsedMs > 0 ? Math.round(sent / elapsedMs * 1_000) : 0;
  const counts = `${sent.toLocaleString("en")} sent  ${rate.toLocaleString("en")}/s`;
  if (fraction === undefined) return counts;
  const filled = Math.floor(fraction * BAR_WIDTH);
  const bar = "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled);
  return `[${bar}] ${String(Math.floor(fraction * 100)).padStart(3)} %  ${counts}`;
}

/** A progress line that is redrawn in place; for a terminal only. */
export class Progress implements Disposable {
  readonly #output: Output;
  readonly #startedAtMs = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  #sent = 0;
  #fraction: number | undefined;
  #drawn = false;

  constructor(output: Output) {
    this.#output = output;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  advance(fraction: number | undefined): void {
    this.#sent++;
    this.#fraction = fraction;
  }

  /** Takes the line away, so that something else can be printed; it comes back by itself. */
  clear(): void {
    if (this.#drawn) this.#output.write("\r\x1b[K");
    this.#drawn = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #draw(): void {
    const elapsedMs = performance.now() - this.#startedAtMs;
    const line = drawProgress({ sent: this.#sent, elapsedMs, fraction: this.#fraction });
    this.#output.write(`\r\x1b[K${line}`);
    this.#drawn = true;
  }
}
