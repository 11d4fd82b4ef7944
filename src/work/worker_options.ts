import type { ReconnectionOptions } from "../amqp/reconnection.ts";
import type { Handler } from "./outcome.ts";
import type { SessionOptions } from "./session.ts";
import type { StopRules } from "./stop_rules.ts";
import type { WorkEvent } from "./work_event.ts";

/** Whom a worker tells what it does. */
export interface WorkReport {
  readonly onEvent: (event: WorkEvent) => void;
  /** Resolves when all events so far are written; a task is not acknowledged before. */
  readonly reported: () => Promise<void>;
}

/**
 * When a task is acknowledged: after the work, never sent (AMQP's no-ack), before the work, or
 * never.
 */
export type AckMode = "manual" | "auto" | "early" | "never";

export interface WorkerOptions {
  readonly session: SessionOptions;
  readonly reconnection: ReconnectionOptions;
  /** "auto" goes with `noAck` of the session's consumer. */
  readonly ackMode: AckMode;
  /** Tasks worked on at the same time, 1 or more. */
  readonly concurrency: number;
  readonly handler: Handler;
  readonly rules: StopRules;
  /** Aborted with the name of a signal as its reason to stop in order. */
  readonly stop: AbortSignal;
  /** How long running tasks may go on after a stop. */
  readonly graceMs: number;
  readonly report: WorkReport;
}
