import type { Message } from "./message.ts";
import type { Queue } from "./queue.ts";
import type { DeliveryHolder, Subscriber } from "./queue_subscribers.ts";
import type { Release } from "../release.ts";

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
  /** Deliveries so far that count as failed (x-delivery-count). */
  deliveryCount = 0;
  /** All that came back (x-acquired-count). */
  acquiredCount = 0;
  /** The rest describes the delivery under way: tag 0 means the entry is not unacked. */
  deliveryTag = 0;
  deliveredAtMs = 0;
  subscriber: Subscriber | undefined = undefined;
  /** Who took it by basic.get. */
  getter: DeliveryHolder | undefined = undefined;
  /** When a quorum queue takes it back; Infinity for never. */
  overdueAtMs = Infinity;
  /** It was overdue: another entry has its place, and settling this one settles nothing. */
  released = false;

  constructor(message: Message, queue: Queue, position: number, expiresAt: number) {
    this.message = message;
    this.queue = queue;
    this.position = position;
    this.expiresAt = expiresAt;
  }

  /** What is left of a delivery whose message was taken back. */
  static remains(entry: Entry): Entry {
    const remains = new Entry(entry.message, entry.queue, entry.position, Infinity);
    remains.deliveryTag = entry.deliveryTag;
    remains.subscriber = entry.subscriber;
    remains.released = true;
    return remains;
  }

  /** The message as a client sees it: quorum queues add what came of deliveries before. */
  deliveredMessage(to: "consumer" | "get", release: Release): Message {
    if (!this.queue.policy.quorum) return this.message;
    const { deliveryCount, acquiredCount } = this;
    let { message } = this;
    if (deliveryCount > 0 || (to === "get" && release.tellsNoFailures)) {
      message = message.withHeader("x-delivery-count", { type: "l", value: BigInt(deliveryCount) });
    }
    if (acquiredCount > 0 && release.tellsAcquisitions) {
      message = message.withHeader("x-acquired-count", { type: "l", value: BigInt(acquiredCount) });
    }
    return message;
  }
}
