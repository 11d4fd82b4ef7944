import type { DurableSettings } from "../durable_settings.ts";
import type { Entry } from "./entry.ts";
import type { Binding, Destination, Exchange } from "./exchange.ts";
import type { Queue } from "./queue.ts";

/** Durable queues, exchanges and bindings over a restart. */
export interface DurableDefinitions {
  addExchange(exchange: Exchange): void;
  removeExchange(exchange: Exchange): void;
  /** @returns the queue's key in the store, above 0. */
  addQueue(queue: Queue): number;
  removeQueue(queue: Queue): void;
  addBinding(binding: Binding): void;
  removeBinding(binding: Binding): void;
  /** Removes the bindings of a source: all, or those to one destination. */
  removeBindings(source: Exchange, destination?: Destination): void;
}

/** What keeps durable things over a restart. A broker in memory has none. */
export interface DurableStore {
  readonly definitions: DurableDefinitions;
  readonly settings: DurableSettings;
  /**
   * Joins the running batch.
   * @param options.moved the entry replaces one that is removed with it: a dead letter.
   */
  insert(entry: Entry, options: { moved: boolean }): void;
  /** Joins the running batch; an entry of the same batch never reaches the disk. */
  remove(entry: Entry): void;
  /** The running batch has so much to remove that more had better wait for the next. */
  readonly isBusy: boolean;
  /** The running batch goes on without those of these entries that are in it. */
  exclude(entries: Iterable<Entry>): void;
  /** The entry was delivered, or its delivery count changed. */
  touch(entry: Entry): void;
}
