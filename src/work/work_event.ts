import type { Delivery } from "../amqp/delivery.ts";
import type { QueueDeclaration } from "../amqp/queue.ts";
import type { Failure } from "../retry/failure.ts";
import type { StopReason } from "./stop_rules.ts";
import type { WorkCounts } from "./work_counts.ts";

/** What a worker did, in the order in which it did it. */
export type WorkEvent =
  /** The queue exists, and is not what would have been declared. */
  | { readonly event: "found"; readonly queue: QueueDeclaration }
  /** Consuming: from here on tasks may arrive. */
  | { readonly event: "waiting" }
  /** It has arrived, and waits here until its work starts. */
  | { readonly event: "delivered"; readonly delivery: Delivery; readonly attempt: number }
  /** The work on it starts. */
  | { readonly event: "received"; readonly delivery: Delivery; readonly attempt: number }
  /** What a command wrote, in whole lines. */
  | {
    readonly event: "output";
    readonly delivery: Delivery;
    readonly attempt: number;
    readonly stream: "stdout" | "stderr";
    readonly lines: Uint8Array;
  }
  | {
    readonly event: "done";
    readonly delivery: Delivery;
    readonly attempt: number;
    readonly elapsedMs: number;
  }
  /** Its work failed; what becomes of it follows. */
  | {
    readonly event: "failed";
    readonly delivery: Delivery;
    readonly attempt: number;
    readonly elapsedMs: number;
    readonly failure: Failure;
  }
  /** In a retry queue. */
  | {
    readonly event: "retried";
    readonly delivery: Delivery;
    readonly attempt: number;
    readonly delayMs: number;
  }
  /** Given up, in the dead-letter queue. */
  | {
    readonly event: "dead";
    readonly delivery: Delivery;
    readonly attempt: number;
    readonly failure: Failure;
    readonly deadLetterQueue: string;
  }
  /** `basic.reject` without requeue. */
  | { readonly event: "rejected"; readonly delivery: Delivery; readonly attempt: number }
  /**
   * Moved to the tail of its own queue, because only there the count of its attempts can be kept.
   */
  | { readonly event: "recounted"; readonly delivery: Delivery; readonly attempt: number }
  | { readonly event: "acked"; readonly delivery: Delivery; readonly attempt: number }
  /** Finished when its connection was gone: it could not be settled, and is delivered again. */
  | { readonly event: "unsettled"; readonly delivery: Delivery; readonly attempt: number }
  /**
   * Taken back by the broker, because one in hand was not acknowledged in time; delivered again.
   */
  | { readonly event: "released"; readonly delivery: Delivery; readonly attempt: number }
  /**
   * A task may take longer than this broker waits for its acknowledgement, and it grants no more.
   */
  | { readonly event: "short-of-time" }
  /**
   * The forgotten ack: as many unacknowledged as the prefetch allows, so nothing more will come.
   */
  | { readonly event: "stalled"; readonly unacked: number }
  /**
   * Not finished here: back in its queue, by `basic.nack` or as a copy; or for a moment in a retry
   * queue, where it must be tried alone.
   */
  | { readonly event: "requeued"; readonly delivery: Delivery; readonly attempt: number }
  /** The connection, its channel or the consumer is gone, or none could be opened. */
  | { readonly event: "reconnecting"; readonly failure: unknown; readonly delayMs: number }
  | { readonly event: "reconnected" }
  /** Told to end while tasks run: they are waited for, up to the grace. */
  | {
    readonly event: "stopping";
    readonly reason: StopReason;
    readonly running: number;
    readonly graceMs: number;
  }
  | { readonly event: "stopped"; readonly summary: WorkSummary };

/** A worker's whole run. */
export interface WorkSummary extends WorkCounts {
  readonly reason: StopReason;
  readonly elapsedMs: number;
  /** Why it ended early; only with the reason "error". */
  readonly failure?: unknown;
}
