import type { Delivery } from "../amqp/consumer.ts";
import type { StopReason } from "./stop_rules.ts";

/** What a worker did, in the order in which it did it. */
export type WorkEvent =
  /** Consuming: from here on tasks may arrive. */
  | { readonly event: "waiting" }
  | { readonly event: "received"; readonly delivery: Delivery }
  | { readonly event: "done"; readonly delivery: Delivery }
  | { readonly event: "acked"; readonly delivery: Delivery }
  /** The forgotten ack: as many unacknowledged as the prefetch allows, so nothing more will come. */
  | { readonly event: "stalled"; readonly unacked: number }
  /** Given back to the queue. */
  | { readonly event: "requeued"; readonly delivery: Delivery }
  | { readonly event: "stopped"; readonly summary: WorkSummary };

/** A worker's whole run. */
export interface WorkSummary {
  readonly reason: StopReason;
  /** Tasks whose work was finished. */
  readonly done: number;
  /** Tasks that arrived marked as redelivered and were started. */
  readonly redelivered: number;
  /** Tasks received but not finished, given back to the queue (`basic.nack`). */
  readonly requeued: number;
  /** Tasks received but not finished, with no way left to give them back: the broker decides. */
  readonly unfinished: number;
  /** Finished tasks that were never acknowledged (`never`): they return when the channel closes. */
  readonly unacked: number;
  /** Tasks that the broker had forgotten (`auto`) before they were finished here. */
  readonly lost: number;
  readonly elapsedMs: number;
  /** Why it ended early; only with the reason "error". */
  readonly failure?: unknown;
}
