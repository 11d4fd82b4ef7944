import type { TurnWork } from "../end_of_turn.ts";
import type { Entry } from "../model/entry.ts";
import type { Exchange } from "../model/exchange.ts";
import type { MemoryHolder } from "../memory_guard.ts";
import type { Message } from "../model/message.ts";
import type { MessageCounts } from "../model/message_counts.ts";
import type { Spread } from "../model/publish_way.ts";
import type { Queue } from "../model/queue.ts";
import type { Routed } from "../model/router.ts";
import type { VHost } from "../model/vhost.ts";
import type { Figures, Sampled } from "../sampler.ts";
import type { Arguments, MethodName } from "../wire/method_codec.ts";
import type { ChannelHost } from "./channel_host.ts";
import { ConfirmLedger } from "./confirm_ledger.ts";
import type { Consumer, ConsumerChannel } from "./consumer.ts";
import type { DirectReplyTo } from "./direct_reply_to.ts";
import { Transaction } from "./transaction.ts";
import { byQueue, inOrder, UnackedLedger } from "./unacked_ledger.ts";

/** Octets that a consumer takes in memory, beside its tag, which it has twice (estimate). */
const CONSUMER_BYTES = 2_000;

/** A channel: what its client has published, consumed and not yet settled. */
export class Channel implements TurnWork, ConsumerChannel, MemoryHolder, Sampled {
  readonly number: number;
  readonly host: ChannelHost;
  /** The queue that an empty name means: the last one declared here. */
  lastQueueName: string | undefined;
  /** Prefetch of consumers to come (basic.qos, global false); 0 for no limit. */
  consumerPrefetch = 0;
  readonly consumers = new Map<string, Consumer>();
  readonly unacked = new UnackedLedger();
  readonly counts: MessageCounts;
  /** Set by confirm.select. */
  confirms: ConfirmLedger | undefined;
  /** Set by tx.select. */
  transaction: Transaction | undefined;
  /** Set by basic.consume from the pseudo-queue of direct reply-to. */
  directReplyTo: DirectReplyTo | undefined;
  /** Prefetch shared by all consumers (basic.qos, global true); 0 for no limit. */
  #sharedPrefetch = 0;
  /** Rises each time, so that those who share a prefetch take turns. */
  #turn = 0;
  /** Unacked deliveries to consumers, without those of basic.get. */
  #consumerUnacked = 0;
  /** Octets of publishes that are not whole, or not committed. */
  #heldBytes = 0;
  #closed = false;

  constructor(number: number, host: ChannelHost) {
    this.number = number;
    this.host = host;
    this.counts = host.vhost.channelCounts.begin();
    host.broker.churn.channelCreated++;
  }

  get vhost(): VHost {
    return this.host.vhost;
  }

  /** Sends a method on this channel. */
  send<M extends MethodName>(name: M, args: Arguments<M>): void {
    this.host.writer.method(this.number, name, args);
    this.host.wantFlush();
  }

  /** A consumer tag no client chose. */
  newConsumerTag(): string {
    return `amq.ctag-${this.host.broker.newName()}`;
  }

  /** Enqueues a publish wherever it belongs. @param keys further routing keys (CC and BCC) */
  route(
    exchange: Exchange,
    message: Message,
    keys: readonly string[] | undefined,
  ): Routed | Spread {
    return this.vhost.publish(exchange, message, keys);
  }

  /** Does the steps of what the client asks for: what it sends next waits for the last. */
  carryOut(steps: Iterator<unknown>): void {
    this.host.carryOut(this, steps);
  }

  canDeliver(): boolean {
    return this.host.canSend() &&
      (this.#sharedPrefetch === 0 || this.#consumerUnacked < this.#sharedPrefetch);
  }

  /** Sets the prefetch shared by all consumers; a higher one resumes delivery. */
  set sharedPrefetch(count: number) {
    this.#sharedPrefetch = count;
    this.resumeConsumers();
  }

  get sharedPrefetch(): number {
    return this.#sharedPrefetch;
  }

  /** Sends an entry to a consumer of this channel. */
  deliver(consumer: Consumer, entry: Entry): void {
    this.counts.delivered(entry, consumer);
    const tag = this.unacked.nextTag();
    const { writer } = this.host;
    if (!consumer.noAck) {
      entry.deliveryTag = tag;
      entry.deliveredAtMs = this.host.broker.now();
      this.unacked.add(entry);
      this.#consumerUnacked++;
    }
    const message = entry.deliveredMessage("consumer", this.host.broker.release);
    writer.deliver(this.number, consumer.encodedTag, tag, entry.redelivered, message);
    this.host.wantFlush();
  }

  /** basic.get took the entry. @returns its delivery tag. */
  got(entry: Entry, mode: { noAck: boolean }): number {
    this.counts.got(entry, mode);
    const tag = this.unacked.nextTag();
    if (!mode.noAck) {
      entry.deliveryTag = tag;
      entry.deliveredAtMs = this.host.broker.now();
      this.unacked.add(entry);
    }
    return tag;
  }

  deliverySettled(): void {
    this.#consumerUnacked--;
  }

  /**
   * A queue takes deliveries back: the consumer is told by basic.cancel, and gets more once it has
   * settled them. A client that cannot be told loses its channel.
   * @param remains what is left of the deliveries
   * @param consumer whose they are; undefined for basic.get
   */
  overdue(remains: readonly Entry[], consumer?: Consumer): void {
    for (const entry of remains) this.unacked.add(entry);
    if (
      consumer !== undefined && this.consumers.get(consumer.tag) === consumer &&
      this.host.capabilities.has("consumer_cancel_notify")
    ) {
      return this.send("basic.cancel", { consumerTag: consumer.tag, noWait: true });
    }
    this.host.closeOverdue(this.number, -1);
  }

  /** Delivery may go on for the consumers of this channel; each time another one is the first. */
  resumeConsumers(): void {
    const consumers = [...this.consumers.values()];
    const first = this.#turn++ % (consumers.length || 1);
    for (const consumer of consumers.slice(first)) consumer.queue.resume();
    for (const consumer of consumers.slice(0, first)) consumer.queue.resume();
  }

  /** After a settlement of its deliveries: whoever waited for prefetch may go on. */
  resumeAfter(consumer: Consumer): void {
    if (this.#sharedPrefetch !== 0) this.resumeConsumers();
    else consumer.queue.resume();
  }

  /** Puts entries back into their queues, in steps. */
  *requeueing(entries: Iterable<Entry>, options: { failed: boolean }): Generator<void> {
    for (const [queue, group] of yield* byQueue(entries)) {
      for (const entry of group) {
        entry.subscriber?.settled(entry);
        yield;
      }
      yield* queue.requeueing(group, options);
    }
    if (this.#sharedPrefetch !== 0) this.resumeConsumers();
  }

  addConsumer(consumer: Consumer): void {
    this.consumers.set(consumer.tag, consumer);
    this.host.broker.memory.accountDefinitions(CONSUMER_BYTES + 2 * consumer.tag.length);
  }

  removeConsumer(consumer: Consumer): void {
    if (!this.consumers.delete(consumer.tag)) return;
    this.host.broker.memory.accountDefinitions(-CONSUMER_BYTES - 2 * consumer.tag.length);
  }

  /** The queue of a consumer went away. */
  consumerCancelled(consumer: Consumer): void {
    this.removeConsumer(consumer);
    if (!this.host.capabilities.has("consumer_cancel_notify")) return;
    this.send("basic.cancel", { consumerTag: consumer.tag, noWait: true });
  }

  /** confirm.select: number publishes from now on. */
  enterConfirmMode(): void {
    const { endOfTurn } = this.host.broker;
    this.confirms ??= new ConfirmLedger(() => endOfTurn.want("confirm", this));
  }

  /** tx.select: hold publishes and acknowledgements back until tx.commit. */
  enterTransactionMode(): void {
    this.transaction ??= new Transaction(this.host.broker.release.transactionPublishes);
  }

  figures(): Figures {
    return { ...this.counts };
  }

  endTurn(): boolean {
    this.flushConfirms();
    return false;
  }

  get closed(): boolean {
    return this.#closed;
  }

  failed(error: unknown): void {
    this.host.fail(error, 0, 0);
  }

  /** Sends the confirms that are due. */
  flushConfirms(): void {
    if (this.#closed) return;
    const acked = this.confirms?.flush((tag, confirm) => this.confirm(tag, confirm)) ?? 0;
    this.counts.confirm += acked;
  }

  /** Confirms a publish. */
  confirm(tag: number, confirm: { ok: boolean; multiple: boolean }): void {
    this.host.writer.confirm(this.number, tag, confirm);
    this.host.wantFlush();
  }

  /** Its unfinished publishes take that much more, or less. */
  hold(bytes: number): void {
    if (this.#closed || bytes === 0) return;
    this.#heldBytes += bytes;
    this.host.broker.memory.hold(this, this.#heldBytes);
  }

  refuse(): void {
    this.host.refuse(this.number);
  }

  /** Gives everything back: consumers leave, unacked deliveries return to their queues. */
  close(): void {
    if (this.#closed) return;
    this.hold(-this.#heldBytes);
    this.#closed = true;
    this.host.broker.churn.channelClosed++;
    this.vhost.channelCounts.end(this.counts);
    this.directReplyTo?.end();
    const consumers = [...this.consumers.values()];
    for (const consumer of consumers) this.removeConsumer(consumer);
    const taken = this.transaction?.takeBack() ?? [];
    const unacked = this.unacked.takeAll();
    const entries = taken.length > 0 ? inOrder(unacked, taken) : unacked;
    // Consumers first, or the requeued entries would come straight back to them.
    for (const consumer of consumers) consumer.queue.subscribers.remove(consumer);
    this.carryOut(this.#leaving(entries, new Set(consumers.map(({ queue }) => queue))));
  }

  *#leaving(entries: Iterable<Entry>, queues: Iterable<Queue>): Generator<void> {
    yield* this.requeueing(entries, { failed: true });
    for (const queue of queues) {
      queue.used();
      if (queue.autoDelete && queue.subscribers.count === 0) this.vhost.deleteQueue(queue);
      else queue.resume();
      yield;
    }
  }
}
