import type { Release } from "../release.ts";
import { ChannelError } from "../wire/protocol_error.ts";
import type { Subscriber } from "./entry.ts";
import type { QueuePolicy } from "./queue_policy.ts";

interface Rank {
  priority: number;
  members: Subscriber[];
  next: number;
}

/** The consumers of a queue: highest priority first, in turn among equals. */
export class QueueSubscribers {
  #ranks: Rank[] = [];
  /** In order of arrival. */
  #arrivals: Subscriber[] = [];
  /** The one that is served, of a single-active-consumer queue. */
  #active: Subscriber | undefined;
  /** Nobody could take an entry when last asked: ask again only after `wake`. */
  #exhausted = false;
  readonly #policy: QueuePolicy;
  /** Who follows the active one of a single-active-consumer queue. */
  readonly #succession: Release["singleActive"];

  constructor(policy: QueuePolicy, release: Release) {
    this.#policy = policy;
    this.#succession = policy.quorum ? release.singleActive : "by priority";
  }

  /** One of higher priority does not wait until the active one goes. */
  get #takesOver(): boolean {
    return this.#policy.quorum && this.#succession === "by priority";
  }

  /** Whether it wants the queue for itself, or the one already there does. */
  #refuses(subscriber: Subscriber): boolean {
    if (this.#policy.quorum) return false; // they know no exclusive consumers, and do not say so
    // Rule: an exclusive consumer shares its queue with no other, nor stands in line for it.
    return subscriber.exclusive
      ? this.count > 0 || this.#policy.singleActiveConsumer
      : this.#arrivals[0]?.exclusive === true;
  }

  get count(): number {
    return this.#arrivals.length;
  }

  get all(): readonly Subscriber[] {
    return this.#arrivals;
  }

  /** The one that a single-active-consumer queue serves. */
  get active(): Subscriber | undefined {
    return this.#active;
  }

  /**
   * Adds one. @param title of the queue, as replies name it
   *
   * @throws {ChannelError} 403 when it, or the one already there, wants the queue for itself.
   */
  add(subscriber: Subscriber, title: string): void {
    if (this.#refuses(subscriber)) {
      throw new ChannelError("ACCESS_REFUSED", `${title} in exclusive use`);
    }
    this.#exhausted = false;
    this.#arrivals.push(subscriber);
    this.#active ??= subscriber;
    const rank = this.#ranks.find(({ priority }) => priority === subscriber.priority);
    if (rank !== undefined) {
      // Behind all the others, whoever's turn it is.
      if (rank.next >= rank.members.length) rank.next = 0;
      rank.members.splice(rank.next++, 0, subscriber);
      return;
    }
    this.#ranks.push({ priority: subscriber.priority, members: [subscriber], next: 0 });
    this.#ranks.sort((a, b) => b.priority - a.priority);
  }

  /** @returns false when it was not among them. */
  remove(subscriber: Subscriber): boolean {
    const at = this.#arrivals.indexOf(subscriber);
    if (at < 0) return false;
    this.#arrivals.splice(at, 1);
    const rank = this.#ranks.find(({ members }) => members.includes(subscriber))!;
    const member = rank.members.indexOf(subscriber);
    rank.members.splice(member, 1);
    if (rank.next > member) rank.next--;
    if (rank.members.length === 0) this.#ranks.splice(this.#ranks.indexOf(rank), 1);
    if (this.#active === subscriber) this.#active = this.#successor();
    this.#exhausted = false;
    return true;
  }

  #successor(): Subscriber | undefined {
    const candidates = this.#arrivals.filter(({ suspended }) => !suspended);
    if (this.#succession === "by arrival") return candidates[0];
    const highest = Math.max(...candidates.map(({ priority }) => priority));
    return candidates.find(({ priority }) => priority === highest);
  }

  /** The one that is served; undefined while it makes room for one of higher priority. */
  #activeNow(): Subscriber | undefined {
    if (this.#active === undefined || this.#active.suspended) this.#active = this.#successor();
    if (!this.#takesOver || this.#active === undefined) return this.#active;
    const successor = this.#successor()!;
    if (successor.priority <= this.#active.priority) return this.#active;
    // https://www.rabbitmq.com/docs/quorum-queues: it takes over once the active one holds nothing
    // any more.
    if (this.#active.unackedCount > 0) return undefined;
    return this.#active = successor;
  }

  /** Someone may have room again. */
  wake(): void {
    this.#exhausted = false;
  }

  /** Whose turn it is among those that can take an entry; undefined when none can. */
  next(): Subscriber | undefined {
    if (this.#exhausted) return undefined;
    if (this.#policy.singleActiveConsumer) {
      // x-single-active-consumer: one alone is served, until it goes.
      const active = this.#activeNow();
      if (active?.canTake()) return active;
      this.#exhausted = true;
      return undefined;
    }
    for (const rank of this.#ranks) {
      const { members } = rank;
      for (let tried = 0; tried < members.length; tried++) {
        if (rank.next >= members.length) rank.next = 0;
        const candidate = members[rank.next++]!;
        if (candidate.canTake()) return candidate;
      }
    }
    this.#exhausted = true;
    return undefined;
  }
}
