import { Buffer } from "node:buffer";
import type { Channel } from "./channel.ts";
import type { Entry } from "../model/entry.ts";
import type { Queue } from "../model/queue.ts";
import type { Subscriber } from "../model/queue_subscribers.ts";

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

/** A consumer on a channel: takes entries of its queue while prefetch and socket allow it. */
export class Consumer implements Subscriber {
  readonly channel: Channel;
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

  constructor(channel: Channel, queue: Queue, options: ConsumerOptions) {
    this.channel = channel;
    this.queue = queue;
    this.tag = options.tag;
    this.encodedTag = Buffer.from(String.fromCharCode(options.tag.length) + options.tag, "latin1");
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
    if (!this.channel.connection.canSend() || !this.channel.hasPrefetchRoom()) return false;
    // Rule (basic.qos): no-ack consumers have no limit of their own; that of the channel they wait for.
    return this.noAck || this.prefetchCount === 0 || this.unackedCount < this.prefetchCount;
  }

  take(entry: Entry): void {
    this.channel.deliver(this, entry);
  }

  overdue(entries: readonly Entry[]): void {
    this.channel.overdue(entries, this);
  }

  cancelled(): void {
    this.channel.consumerCancelled(this);
  }
}
