import { Buffer } from "node:buffer";
import type { Entry } from "../model/entry.ts";
import type { Queue } from "../model/queue.ts";
import type { Subscriber } from "../model/entry.ts";

/** What basic.consume asks for. */
export interface ConsumerOptions {
  tag: string;
  noAck: boolean;
  exclusive: boolean;
  priority: number;
  /** Unacked deliveries allowed; 0 for no limit. */
  prefetchCount: number;
  /** How long it may hold a delivery; undefined leaves it to the queue. */
  timeoutMs: number | undefined;
}

/** The channel of a consumer, as far as a consumer needs it. */
export interface ConsumerChannel {
  /**
   * Whether the prefetch that consumers share, and the client's reading, let a delivery through.
   */
  canDeliver(): boolean;
  deliver(consumer: Consumer, entry: Entry): void;
  /** A delivery to one of its consumers is settled. */
  deliverySettled(): void;
  /** A consumer has room again; so may others have, where they share a prefetch. */
  resumeAfter(consumer: Consumer): void;
  /** @param consumer whose they are; undefined for basic.get */
  overdue(remains: readonly Entry[], consumer: Consumer | undefined): void;
  consumerCancelled(consumer: Consumer): void;
}

/** A consumer tag as a short string (section 4.2.5.3), ready to be sent. */
export function encodeTag(tag: string): Buffer {
  return Buffer.from(String.fromCharCode(tag.length) + tag, "latin1");
}

/** A consumer on a channel: takes entries of its queue while prefetch and socket allow it. */
export class Consumer implements Subscriber {
  readonly #channel: ConsumerChannel;
  readonly queue: Queue;
  readonly tag: string;
  /** The tag as a short string, ready to be sent. */
  readonly encodedTag: Buffer;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  readonly prefetchCount: number;
  readonly timeoutMs: number | undefined;
  /** Deliveries not yet settled, those that were taken back among them. */
  unackedCount = 0;
  /** Those that were taken back. */
  overdueCount = 0;

  constructor(channel: ConsumerChannel, queue: Queue, options: ConsumerOptions) {
    this.#channel = channel;
    this.queue = queue;
    this.tag = options.tag;
    this.encodedTag = encodeTag(options.tag);
    this.noAck = options.noAck;
    this.exclusive = options.exclusive;
    this.priority = options.priority;
    this.prefetchCount = options.prefetchCount;
    this.timeoutMs = options.timeoutMs;
  }

  get suspended(): boolean {
    return this.overdueCount > 0;
  }

  canTake(): boolean {
    if (this.overdueCount > 0) return false;
    if (!this.#channel.canDeliver()) return false;
    // Rule (basic.qos): no-ack consumers have no limit of their own; that of the channel they wait
    // for.
    return this.noAck || this.prefetchCount === 0 || this.unackedCount < this.prefetchCount;
  }

  take(entry: Entry): void {
    if (!this.noAck) this.unackedCount++;
    this.#channel.deliver(this, entry);
  }

  settled(entry: Entry): void {
    this.unackedCount--;
    if (entry.released) this.overdueCount--;
    this.#channel.deliverySettled();
  }

  resume(): void {
    this.#channel.resumeAfter(this);
  }

  overdue(entries: readonly Entry[]): void {
    this.overdueCount += entries.length;
    this.#channel.overdue(entries, this);
  }

  cancelled(): void {
    this.#channel.consumerCancelled(this);
  }
}
