import type { KnownDeath } from "../retry/dead_letter.ts";
import type { Delivery } from "../amqp/delivery.ts";

/** What was found in a dead-letter queue, and what became of it. */
export type DeadEvent =
  | { readonly event: "dead-letter"; readonly delivery: Delivery; readonly death: KnownDeath }
  /** The copy in queue `to` was confirmed, and the dead letter acknowledged. */
  | { readonly event: "replayed"; readonly delivery: Delivery; readonly to: string }
  /** There is no queue `to`; the dead letter stays. */
  | {
    readonly event: "returned";
    readonly delivery: Delivery;
    readonly to: string;
    readonly replyCode: number;
    readonly replyText: string;
  }
  /** The broker did not take it for queue `to`; the dead letter stays. */
  | {
    readonly event: "refused";
    readonly delivery: Delivery;
    readonly to: string;
    readonly reason: string;
  }
  /** It came from another queue than the one that was asked for; the dead letter stays. */
  | { readonly event: "kept"; readonly delivery: Delivery; readonly from: string }
  | { readonly event: "purged"; readonly delivery: Delivery }
  | { readonly event: "stopped"; readonly summary: DeadSummary };

/** A whole run. */
export interface DeadSummary {
  /** Dead letters in the queue at the start. */
  readonly ready: number;
  /** Those that were looked at. */
  readonly looked: number;
  /** Those that were chosen by their id, text and number. */
  readonly matched: number;
  readonly replayed: number;
  readonly returned: number;
  readonly refused: number;
  readonly kept: number;
  readonly purged: number;
  /** Whether it came to its end; a signal or a failure may have stopped it. */
  readonly complete: boolean;
  readonly elapsedMs: number;
  /** Why it ended early. */
  readonly failure?: unknown;
}
