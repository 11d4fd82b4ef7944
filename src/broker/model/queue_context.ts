import type { Release } from "../release.ts";
import type { FieldTable } from "../wire/field_table.ts";
import type { Entry } from "./entry.ts";
import type { ReadyEntries } from "./ready_entries.ts";
import type { ReturningEntries } from "./returning_entries.ts";

/** What became of a publish: taken, taken and to be kept on disk, or refused by x-overflow. */
export type Enqueued = "taken" | "storing" | "rejected";

/** Why a message was dead-lettered, as x-death names it. */
export type DeathReason = "rejected" | "expired" | "maxlen" | "delivery_limit";

/**
 * What a queue (`Q`) needs of the broker around it: time, order, disk and the way to other queues.
 */
export interface QueueContext<Q> {
  /** Whose behaviour is asked for. */
  readonly release: Release;
  /** Longest a delivery may stay unacknowledged, where neither consumer nor queue say so. */
  readonly consumerTimeoutMs: number;
  /** Milliseconds since 1970 that never go backwards. */
  now(): number;
  nextPosition(): number;
  /** Keep the entry on disk: it counts as kept once the running batch is committed. */
  store(entry: Entry): void;
  /** Drop the entry from the disk. */
  unstore(entry: Entry): void;
  /** The entry was delivered and is still unacked; or its delivery count changed. */
  touched(entry: Entry): void;
  /**
   * Sees to the dead letter, and calls `forget` when it is in line for the disk.
   * @param options.deliveryCount what the dead letter begins with
   */
  deadLetter(entry: Entry, reason: DeathReason, options: { deliveryCount: number }): void;
  /** Calls their `goOn` soon, in slices, until none is left. */
  returnLater(entries: ReturningEntries): void;
  /** Forgets the entries, which are in no queue any more, now or soon. @returns how many */
  discard(entries: ReadyEntries): number;
  /** One step more is done. @returns whether others should have their turn before the next */
  isTurnOver(): boolean;
  /** `memoryBytes` more (or fewer) are held by messages. */
  accountMemory(memoryBytes: number): void;
  /** Call `expire` at this time, or earlier. */
  wakeAt(atMs: number, queue: Q): void;
  /** The queue lost its last consumer and is auto-delete: delete it. */
  autoDelete(queue: Q): void;
}

/** What queue.declare says of a queue. */
export interface QueueProperties {
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
}
