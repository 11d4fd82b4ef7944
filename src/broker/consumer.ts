import { Buffer } from "node:buffer";
import type { Channel } from "./channel.ts";
import type { Entry } from "./model/entry.ts";
import type { Queue } from "./model/queue.ts";
import type { Subscriber } from "./model/queue_subscribers.ts";

/** What basic.consume asks for. */
export interface ConsumerOptions {
  tag: string;
  noAck: boolean;
  exclusive: boolean;
  priority: number;
  /** Unacked deliveries allowed; 0 for no limit. */
  prefetchCount: number;
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
  /** Deliveries not yet settled. */
  unackedCount = 0;

  constructor(channel: Channel, queue: Queue, options: ConsumerOptions) {
    this.channel = channel;
    this.queue = queue;
    this.tag = options.tag;
    this.encodedTag = Buffer.from(String.fromCharCode(options.tag.length) + options.tag, "latin1");
    this.noAck = options.noAck;
    this.exclusive = options.exclusive;
    this.priority = options.priority;
    this.prefetchCount = options.prefetchCount;
  }

  canTake(): boolean {
    if (!this.channel.connection.canSend() || !this.channel.hasPrefetchRoom()) return false;
    // Rule (basic.qos): no-ack consumers have no limit of their own; that of the channel they wait for.
    return this.noAck || this.prefetchCount === 0 || this.unackedCount < this.prefetchCount;
  }

  take(entry: Entry): void {
    this.channel.deliver(this, entry);
  }

  cancelled(): void {
    this.channel.consumerCancelled(this);
  }
}
