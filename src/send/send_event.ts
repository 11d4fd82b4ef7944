import type { OutgoingMessage } from "../amqp/publisher.ts";
import type { QueueDeclaration } from "../amqp/queue.ts";

/** What became of the tasks sent, in the order in which it was known. */
export type SendEvent =
  /** The queue exists, and is not what would have been declared. */
  | { readonly event: "found"; readonly queue: QueueDeclaration }
  | {
    readonly event: "sent";
    readonly message: OutgoingMessage;
    readonly confirmed: boolean;
    /** How long the confirm took, where there is one. */
    readonly confirmMs?: number;
  }
  /** No queue took it. */
  | {
    readonly event: "returned";
    readonly message: OutgoingMessage;
    readonly replyCode: number;
    readonly replyText: string;
  }
  /** The broker answered `basic.nack`, or closed the channel because of it. */
  | { readonly event: "refused"; readonly message: OutgoingMessage }
  /** Nobody can tell: it may be in the queue or not. */
  | { readonly event: "unknown"; readonly message: OutgoingMessage }
  /** The connection is gone, or none could be opened. */
  | { readonly event: "reconnecting"; readonly failure: unknown; readonly delayMs: number }
  /** What was not confirmed is sent again, with the same message ids. */
  | { readonly event: "reconnected"; readonly resent: number }
  /** Told to end by a signal while the broker still has tasks to confirm; they are waited for. */
  | { readonly event: "stopping"; readonly reason: NodeJS.Signals; readonly unconfirmed: number }
  | { readonly event: "stopped"; readonly summary: SendSummary };

/** A whole send. */
export interface SendSummary {
  /** Tasks handed to the broker. */
  readonly sent: number;
  readonly confirmed: number;
  readonly returned: number;
  readonly refused: number;
  /** Sent with confirms on, and neither confirmed, returned nor refused. */
  readonly unknown: number;
  /** Sent again after a connection was lost: the broker may have them twice. */
  readonly resent: number;
  /** Whether every task of the source was handed over. */
  readonly complete: boolean;
  /** Where the source has lines and is not done: the first of unknown outcome, or not sent. */
  readonly nextLine?: number;
  readonly elapsedMs: number;
  /** Why it ended early. */
  readonly failure?: unknown;
}
