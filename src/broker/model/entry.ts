import type { Message } from "./message.ts";
import type { Queue } from "./queue.ts";
import type { Subscriber } from "./queue_subscribers.ts";

/** A message's place in one queue, from enqueueing to settlement. */
export class Entry {
  readonly message: Message;
  readonly queue: Queue;
  /** Rises with every entry of a broker: the order within a queue, and the key in the store. */
  readonly position: number;
  /** When the entry expires, in ms of the broker's clock; Infinity for never. */
  readonly expiresAt: number;
  /** Its row in the store: none, in the running batch, or on disk. */
  storage: "none" | "pending" | "kept" = "none";
  redelivered = false;
  /** Failed deliveries so far, counted for quorum queues (x-delivery-count). */
  deliveryCount = 0;
  /** The rest describes the delivery under way: tag 0 means the entry is not unacked. */
  deliveryTag = 0;
  deliveredAtMs = 0;
  subscriber: Subscriber | undefined = undefined;

  constructor(message: Message, queue: Queue, position: number, expiresAt: number) {
    this.message = message;
    this.queue = queue;
    this.position = position;
    this.expiresAt = expiresAt;
  }

  /**
   * The message as a client sees it: quorum queues add the failed deliveries so far, to a consumer
   * from the first one on, to basic.get always.
   */
  deliveredMessage(to: "consumer" | "get"): Message {
    if (!this.queue.policy.quorum) return this.message;
    if (this.deliveryCount === 0 && to === "consumer") return this.message;
    const value = BigInt(this.deliveryCount);
    return this.message.withHeader("x-delivery-count", { type: "l", value });
  }
}
