import { DelayedEntries } from "./delayed_entries.ts";
import type { Entry } from "./entry.ts";
import type { Message } from "./message.ts";
import type { QueuePolicy } from "./queue_policy.ts";
import { ReadyEntries } from "./ready_entries.ts";

/** What a backlog needs of its queue. */
export interface BacklogOwner {
  /** Milliseconds since 1970 that never go backwards. */
  now(): number;
  /** Look at the queue at this time, or earlier. */
  wakeAt(atMs: number): void;
  /** Whether others should have their turn before the next step. */
  isTurnOver(): boolean;
  /** The entry leaves: dead-letter or drop it. */
  giveUp(entry: Entry, reason: "expired" | "maxlen"): void;
}

/**
 * The entries of a queue that nobody holds: ready ones, and those that wait until they are again.
 */
export class Backlog {
  #policy: QueuePolicy;
  readonly #owner: BacklogOwner;
  #ready: ReadyEntries;
  readonly #delayed: DelayedEntries;
  /** An entry that expires has been ready here: a new head is looked at. */
  #mayExpire = false;

  constructor(policy: QueuePolicy, owner: BacklogOwner) {
    this.#policy = policy;
    this.#owner = owner;
    this.#ready = new ReadyEntries(policy.priorities, policy.returnPlace);
    this.#delayed = new DelayedEntries(policy.delayedRetry);
  }

  /** Limits may change, which hold at once, and where returned entries go. */
  set policy(policy: QueuePolicy) {
    this.#policy = policy;
    this.#ready.returnPlace = policy.returnPlace;
    this.dropOverflow();
  }

  /** Of the ready entries. */
  get count(): number {
    return this.#ready.count;
  }

  /** Sum of the bodies of the ready entries, in octets. */
  get bytes(): number {
    return this.#ready.bytes;
  }

  /**
   * Whether x-max-length(-bytes) has no room for the message. @param returning will be here soon
   */
  isFullFor(message: Message, returning: { count: number; bytes: number }): boolean {
    const { maxLength, maxLengthBytes } = this.#policy;
    return this.#ready.count + this.#delayed.count + returning.count >= maxLength ||
      this.#ready.bytes + returning.bytes + message.bodyBytes > maxLengthBytes;
  }

  /** Adds an entry whose position is above all others. */
  append(entry: Entry): void {
    if (entry.expiresAt !== Infinity) this.#mayExpire = true;
    this.#ready.append(entry);
  }

  /** Adds an entry that had been delivered. */
  requeue(entry: Entry): void {
    if (entry.expiresAt !== Infinity) this.#mayExpire = true;
    this.#ready.requeue(entry);
  }

  /** Takes the next entry that has not expired. */
  take(): Entry | undefined {
    for (let entry = this.#ready.shift(); entry !== undefined; entry = this.#ready.shift()) {
      if (entry.expiresAt === Infinity || entry.expiresAt > this.#owner.now()) return entry;
      this.#owner.giveUp(entry, "expired");
    }
    return undefined;
  }

  /**
   * Drops what has expired, or begins to: heads of every priority (per-message expirations leave
   * only there).
   */
  expire(): void {
    const next = this.#ready.expire(
      this.#owner.now(),
      (entry) => {
        this.#owner.giveUp(entry, "expired");
        return !this.#owner.isTurnOver();
      },
    );
    if (next !== Infinity) this.#owner.wakeAt(next);
  }

  /** After entries were taken: the new heads may have expired. */
  expireHeads(): void {
    if (this.#mayExpire) this.expire();
  }

  /** x-max-length(-bytes) with drop-head: the oldest ready messages give way. */
  dropOverflow(): void {
    const { maxLength, maxLengthBytes, overflow } = this.#policy;
    if (overflow !== "drop-head") return; // what comes back may then exceed the limit
    const ready = this.#ready;
    while (
      ready.count > 0 &&
      (ready.count + this.#delayed.count > maxLength || ready.bytes > maxLengthBytes)
    ) {
      const entry = ready.shift();
      if (entry !== undefined) this.#owner.giveUp(entry, "maxlen");
    }
  }

  /** x-delayed-retry: keeps a returned entry until it is ready, if the rule says so. */
  delays(entry: Entry, { failed }: { failed: boolean }): boolean {
    return this.#delayed.takes(entry, { failed, now: this.#owner.now() });
  }

  /** What has waited long enough is ready again. @returns whether anything waited */
  endDelays(): boolean {
    if (this.#delayed.count === 0) return false;
    for (const entry of this.#delayed.takeReady(this.#owner.now())) this.requeue(entry);
    if (this.#delayed.count > 0) this.#owner.wakeAt(this.#delayed.nextAtMs);
    return true;
  }

  /** Takes all out. */
  takeAll(): ReadyEntries {
    for (const entry of this.#delayed.takeReady(Infinity)) this.requeue(entry);
    const all = this.#ready;
    this.#ready = new ReadyEntries(this.#policy.priorities, this.#policy.returnPlace);
    return all;
  }
}
