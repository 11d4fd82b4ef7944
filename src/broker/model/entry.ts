import type { Message } from "./message.ts";
import type { QueuePolicy } from "./queue_policy.ts";
import type { Release } from "../release.ts";

/** The queue of an entry, as those see it who settle the entry, or keep it on disk. */
export interface EntryQueue {
  readonly name: string;
  readonly vhost: string;
  readonly policy: QueuePolicy;
  /** Key in the store; 0 for a queue that is not kept. */
  readonly storeId: number;
  /** Highest position delivered so far. */
  deliveredUpTo: number;
  /** Enqueues a message that may have failed before, so many times. */
  publish(message: Message, deliveryCount?: number): unknown;
  readonly deleted: boolean;
  ack(entry: Entry): void;
  /** @param options.failed by basic.reject */
  reject(entry: Entry, options: { failed: boolean }): void;
  /** Puts back what was delivered and not settled, in steps. */
  requeueing(entries: Iterable<Entry>, options: { failed: boolean }): Iterable<void>;
  /** The entry is gone, or replaced by its dead letters. */
  forget(entry: Entry): void;
}

/** Who holds deliveries of a queue until they are settled. */
export interface DeliveryHolder {
  /** The queue takes these deliveries back, the longest first. */
  overdue(entries: readonly Entry[]): void;
}

/** One consumer of a queue, as the queue sees it. The channel implements it; tests do too. */
export interface Subscriber extends DeliveryHolder {
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  /** x-priority of the consumer: higher ones are served first. */
  readonly priority: number;
  /** How long it may hold a delivery, in ms; undefined leaves it to the queue. */
  readonly timeoutMs: number | undefined;
  /** Deliveries not yet settled. */
  readonly unackedCount: number;
  /** It has not settled yet what was taken back from it, and gets nothing meanwhile. */
  readonly suspended: boolean;
  /** Whether it can take one more entry now: prefetch, flow and the socket allow it. */
  canTake(): boolean;
  take(entry: Entry): void;
  /** A delivery to it is settled: it counts no more. Called before the queue learns of it. */
  settled(entry: Entry): void;
  /** After its deliveries were settled: whoever waited for prefetch may get more. */
  resume(): void;
  /** The queue went away: tell the client with basic.cancel. */
  cancelled(): void;
}

/** A message's place in one queue, from enqueueing to settlement. */
export class Entry {
  readonly message: Message;
  readonly queue: EntryQueue;
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

  constructor(message: Message, queue: EntryQueue, position: number, expiresAt: number) {
    this.message = message;
    this.queue = queue;
    this.position = position;
    this.expiresAt = expiresAt;
  }

  /** Its delivery is over. */
  noteSettled(): void {
    this.deliveryTag = 0;
    this.subscriber = undefined;
    this.getter = undefined;
  }

  /** It came back. @param options.counts as a failed delivery, too */
  noteReturn({ counts }: { counts: boolean }): void {
    this.redelivered = true;
    this.acquiredCount++;
    if (counts) this.deliveryCount++;
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
