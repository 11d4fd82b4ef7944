import type { Figures, Sampled } from "../sampler.ts";
import { type DeliveryHolder, Entry, type EntryQueue, type Subscriber } from "./entry.ts";
import type { Message } from "./message.ts";
import { Backlog } from "./backlog.ts";
import { HeldEntries } from "./held_entries.ts";
import { DeclaredQueue } from "./declared_queue.ts";
import type { DeathReason, Enqueued, QueueContext, QueueProperties } from "./queue_context.ts";
import type { NamedPolicy } from "./policy.ts";
import { timeToLiveMs } from "./queue_policy.ts";
import { QueueSubscribers } from "./queue_subscribers.ts";
import { QueueTally } from "./queue_tally.ts";
import { QueueUse } from "./queue_use.ts";
import { ReturningEntries } from "./returning_entries.ts";

/**
 * A queue: ready entries in order, subscribers in turn, and the rules between them.
 * Pure: time, storage and dead-lettering are given, entries leave through `Subscriber.take`.
 */
export class Queue extends DeclaredQueue implements EntryQueue, Sampled {
  readonly subscribers: QueueSubscribers;
  readonly tally: QueueTally;
  deleted = false;
  readonly #context: QueueContext<Queue>;
  readonly #backlog: Backlog;
  readonly #returning = new ReturningEntries(this, {
    settled: (entry) => this.#settled(entry),
    putBack: (entry, options) => this.#putBack(entry, options),
    forget: (entry) => this.forget(entry),
    allBack: () => this.#allBack(),
    goOnLater: (entries) => this.#context.returnLater(entries),
  });
  readonly #use: QueueUse;
  /** Where the queue takes back what is overdue. */
  readonly #held: HeldEntries | undefined;
  /** Highest position delivered so far: what a restart finds below it is marked redelivered. */
  deliveredUpTo = 0;
  #pumping = false;

  constructor(
    vhost: string,
    declaration: QueueProperties,
    owner: object | undefined,
    context: QueueContext<Queue>,
  ) {
    super(vhost, declaration, owner, context.release);
    this.subscribers = new QueueSubscribers(this.policy, context.release);
    this.tally = new QueueTally(context.accountMemory);
    this.#context = context;
    const owned = {
      now: context.now,
      wakeAt: (atMs: number) => context.wakeAt(atMs, this),
      isTurnOver: context.isTurnOver,
      giveUp: (entry: Entry, reason: DeathReason) => this.#giveUp(entry, reason),
    };
    this.#backlog = new Backlog(this.policy, owned);
    if (this.policy.quorum && context.release.overdueDelivery === "ends consumer") {
      this.#held = new HeldEntries(owned);
    }
    this.#use = new QueueUse(this.policy.expiresMs, owned);
  }

  /** Another policy applies, or none; limits hold for what is here already, too. */
  override apply(policy: NamedPolicy | undefined): void {
    if (policy === this.applied) return;
    super.apply(policy);
    this.#backlog.policy = this.policy;
    this.#use.expiresMs = this.policy.expiresMs;
  }

  get readyCount(): number {
    return this.#backlog.count + this.#returning.count;
  }

  /** Sum of the bodies of ready messages, in octets. */
  get readyBytes(): number {
    return this.#backlog.bytes + this.#returning.bytes;
  }

  get unackedCount(): number {
    return this.tally.unacked;
  }

  figures(): Figures {
    return { ...this.tally.counts, ready: this.readyCount, unacked: this.unackedCount };
  }

  /** Notes a use, which postpones x-expires. */
  used(): void {
    this.#use.note();
  }

  /** When x-expires deletes the queue; Infinity while it is in use. */
  get unusedUntilMs(): number {
    return this.subscribers.count > 0 ? Infinity : this.#use.endMs;
  }

  /**
   * Enqueues the message, or hands it straight to a waiting subscriber.
   * @param deliveryCount failed deliveries that it brings along from another queue
   */
  publish(message: Message, deliveryCount = 0): Enqueued {
    const { policy } = this;
    if (policy.overflow !== "drop-head" && this.#backlog.isFullFor(message, this.#returning)) {
      // x-overflow=reject-publish(-dlx): the newest message gives way.
      if (policy.overflow === "reject-publish-dlx") {
        const entry = new Entry(message, this, 0, Infinity);
        this.tally.account(message.memoryBytes);
        this.#context.deadLetter(entry, "maxlen", { deliveryCount });
      }
      return "rejected";
    }
    const ttlMs = timeToLiveMs(message, policy);
    const expiresAt = ttlMs === Infinity ? Infinity : this.#context.now() + ttlMs;
    const entry = new Entry(message, this, this.#context.nextPosition(), expiresAt);
    entry.deliveryCount = entry.acquiredCount = deliveryCount;
    if (deliveryCount > 0) entry.redelivered = policy.quorum; // others once they have waited
    this.tally.account(message.memoryBytes);
    const subscriber = this.readyCount === 0 ? this.subscribers.next() : undefined;
    const stores = !subscriber?.noAck && this.keeps(message);
    if (stores) this.#context.store(entry);
    if (subscriber !== undefined) this.#hand(entry, subscriber);
    else {
      if (deliveryCount > 0) entry.redelivered = true;
      this.#backlog.append(entry);
      this.#backlog.dropOverflow();
      this.#pump();
      if (expiresAt !== Infinity) this.expire();
    }
    return stores ? "storing" : "taken";
  }

  /** Puts back an entry that a store kept over a restart; positions must rise. */
  restore(entry: Entry): void {
    entry.storage = "kept";
    this.tally.account(entry.message.memoryBytes);
    this.#backlog.append(entry);
    if (entry.expiresAt !== Infinity) this.#context.wakeAt(entry.expiresAt, this);
  }

  /** Dead-letters an entry, or forgets it. */
  #giveUp(entry: Entry, reason: DeathReason): void {
    if (this.policy.deadLetterExchange === undefined) return this.forget(entry);
    const deliveryCount = this.#context.release.deadLettersKeepCount ? entry.deliveryCount : 0;
    this.#context.deadLetter(entry, reason, { deliveryCount });
  }

  forget(entry: Entry): void {
    this.tally.account(-entry.message.memoryBytes);
    if (entry.storage !== "none") this.#context.unstore(entry);
  }

  /** Drops what has expired. */
  expire(): void {
    this.#backlog.expire();
  }

  /** Its time has come: drops what expired, and takes back what was delayed or is overdue. */
  wake(): void {
    this.expire();
    if (this.#backlog.endDelays()) this.resume();
    this.#held?.takeBack((entries) => this.requeueing(entries, { failed: false }));
  }

  /** Delivers while there are ready entries and subscribers that can take them. */
  #pump(): void {
    if (this.#pumping || this.#returning.areLeft) return;
    this.#pumping = true;
    try {
      while (this.#backlog.count > 0) {
        const subscriber = this.subscribers.next();
        if (subscriber === undefined) break;
        const entry = this.#backlog.take();
        if (entry === undefined) break;
        if (subscriber.noAck && entry.storage !== "none") this.#context.unstore(entry);
        this.#hand(entry, subscriber);
        this.#context.isTurnOver(); // the step counts
      }
    } finally {
      this.#pumping = false;
    }
    this.#backlog.expireHeads();
  }

  #hand(entry: Entry, subscriber: Subscriber): void {
    this.tally.counts.delivered(entry, subscriber);
    if (subscriber.noAck) {
      this.tally.account(-entry.message.memoryBytes);
    } else {
      entry.subscriber = subscriber;
      this.#hold(entry, subscriber.timeoutMs);
    }
    subscriber.take(entry);
  }

  /** Room appeared at a subscriber, or one came: go on delivering. */
  resume(): void {
    this.subscribers.wake();
    if (this.#backlog.count > 0) this.#pump();
  }

  /** basic.get: takes the next entry; with `noAck` it is settled at once. */
  get(getter: DeliveryHolder, mode: { noAck: boolean }): Entry | undefined {
    this.used();
    this.#returning.hurry();
    const entry = this.#backlog.take();
    if (entry === undefined) return void this.tally.counts.getEmpty++;
    this.tally.counts.got(entry, mode);
    entry.getter = getter;
    if (mode.noAck) this.forget(entry);
    else this.#hold(entry, undefined);
    this.#backlog.expireHeads();
    return entry;
  }

  /** The entry is delivered, to be settled. */
  #hold(entry: Entry, timeoutMs = this.policy.consumerTimeoutMs): void {
    this.tally.hold(entry);
    this.#held?.add(entry, timeoutMs ?? this.#context.consumerTimeoutMs);
    if (entry.storage !== "none") this.#context.touched(entry);
  }

  /** The entry was acknowledged. */
  ack(entry: Entry): void {
    if (entry.released) return;
    this.tally.counts.ack++;
    this.#settled(entry);
    this.forget(entry);
  }

  /**
   * The entry was rejected for good: dead-letter or drop it.
   * @param options.failed basic.reject says so, basic.nack does not
   */
  reject(entry: Entry, { failed }: { failed: boolean }): void {
    if (entry.released) return;
    this.#settled(entry);
    if (failed) entry.deliveryCount++;
    if (this.deleted) this.forget(entry);
    else this.#giveUp(entry, "rejected");
  }

  #settled(entry: Entry): void {
    this.tally.settle(entry);
    this.#held?.delete(entry);
    entry.noteSettled();
  }

  /**
   * Puts back entries that were delivered and not settled, in steps, each at its original position.
   * Delivery goes on after the last, so that their order is kept.
   * @param options.failed basic.reject and the end of a consumer mean so, basic.nack does not
   */
  requeueing(entries: Iterable<Entry>, options: { failed: boolean }): Iterable<void> {
    return this.#returning.add(entries, options);
  }

  #putBack(entry: Entry, { failed }: { failed: boolean }): void {
    if (this.deleted) return this.forget(entry);
    entry.noteReturn({ counts: failed || this.#context.release.countedReturns === "all" });
    if (this.policy.quorum) {
      // x-delivery-limit: a message that keeps failing is given up.
      if (entry.deliveryCount > this.policy.deliveryLimit) {
        return this.#giveUp(entry, "delivery_limit");
      }
      if (entry.storage !== "none") this.#context.touched(entry);
    }
    if (!this.#backlog.delays(entry, { failed })) this.#backlog.requeue(entry);
  }

  #allBack(): void {
    if (this.#backlog.endDelays()) this.resume();
    this.expire();
    // A quorum queue drops only what no consumer takes.
    if (this.policy.quorum) this.resume();
    this.#backlog.dropOverflow();
    this.resume();
  }

  /** Adds a consumer. @throws {ChannelError} 403 as {@linkcode QueueSubscribers.add} does */
  subscribe(subscriber: Subscriber): void {
    this.subscribers.add(subscriber, this.title);
    this.used();
  }

  /** Removes a consumer; the last one takes an auto-delete queue with it. */
  unsubscribe(subscriber: Subscriber): void {
    if (!this.subscribers.remove(subscriber)) return;
    this.used();
    if (this.subscribers.count === 0 && this.autoDelete) this.#context.autoDelete(this);
    else if (!this.deleted) this.resume();
  }

  /** Drops all that no one holds. @returns how many */
  purge(): number {
    return this.#returning.drop() + this.#context.discard(this.#backlog.takeAll());
  }
}
