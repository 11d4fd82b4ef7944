import { ExitCode } from "./failure/exit_code.ts";

/** What ends worktool at once, as a shell tells it of a process that died of the signal. */
const ENDED_AT_ONCE = {
  SIGHUP: ExitCode.hungUp,
  SIGINT: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated,
} as const;

export type StopSignal = keyof typeof ENDED_AT_ONCE;

/**
 * One wish to stop may come as several signals: `timeout` of GNU signals its command and then its
 * group, a terminal that closes the shell and its jobs.
 */
const ONE_REQUEST_MS = 300;

/** What a run is asked for by signals: first to stop in order, then to end at once. */
export class StopRequests {
  readonly #stop = new AbortController();
  #firstAtMs = 0;
  #decided = false;

  /** Aborted by the first signal, with its name as the reason. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * @param nowMs on a clock that never goes back
   * @returns the exit code to end with at once, undefined to go on
   */
  receive(signal: StopSignal, nowMs: number): ExitCode | undefined {
    if (!this.stop.aborted) {
      this.#firstAtMs = nowMs;
      this.#stop.abort(signal);
      return undefined;
    }
    const again = !this.#decided && nowMs - this.#firstAtMs >= ONE_REQUEST_MS;
    return again ? ENDED_AT_ONCE[signal] : undefined;
  }

  /** The run is over and its end was told: no signal changes the exit code any more. */
  readonly decided = (): void => {
    this.#decided = true;
  };
}
