import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { DurableDefinitions } from "../model/durable_store.ts";
import type { Binding, Destination, Exchange } from "../model/exchange.ts";
import { Queue } from "../model/queue.ts";
import { encodeTable } from "../wire/table_writer.ts";
import { ConnectionError } from "../wire/protocol_error.ts";
import { definitionChecksum, type SqlValue } from "./checksum.ts";
import type { DataDirectory } from "./data_directory.ts";
import { reasonOf } from "./data_directory_error.ts";

/** Removals in one transaction: many exchanges that go must not stop the broker. */
const REMOVALS_PER_BATCH = 2_000;

/** What a definition store tells. */
export interface DefinitionStoreWatcher {
  /** Something is written now. */
  onAddition(): void;
  /** Something is to be removed with the next batch. */
  onRemoval(): void;
  /** The disk refused a change; the broker goes on. */
  onFailed(reason: string): void;
}

/**
 * Durable queues, exchanges and bindings. What is added is written at once, or refused; what is
 * removed goes with the next batch of messages.
 */
export class DefinitionStore implements DurableDefinitions {
  readonly #directory: DataDirectory;
  readonly #database: DatabaseSync;
  readonly #watcher: DefinitionStoreWatcher;
  readonly #statements = new Map<string, StatementSync>();
  /** Definitions that go, as deletions that may be made twice. */
  #removals: (() => void)[] = [];

  constructor(directory: DataDirectory, watcher: DefinitionStoreWatcher) {
    this.#directory = directory;
    this.#database = directory.database;
    this.#watcher = watcher;
  }

  /** Inside a transaction: removes some of what is to go. It may be done again until forgotten. */
  runRemovals(): void {
    for (const removal of this.#removals.slice(0, REMOVALS_PER_BATCH)) removal();
  }

  /** The transaction is committed. */
  forgetRemovals(): void {
    this.#removals = this.#removals.slice(REMOVALS_PER_BATCH);
    if (this.hasRemovals) this.#watcher.onRemoval();
  }

  get hasRemovals(): boolean {
    return this.#removals.length > 0;
  }

  /**
   * Adds a definition at once.
   * @throws {ConnectionError} 541 when the disk refuses it.
   */
  #define<T>(change: () => T): T {
    try {
      this.#directory.files.requireOpened();
      this.#directory.requireRoom();
      this.#directory.ledger.unseal();
      this.#watcher.onAddition();
      if (!this.hasRemovals) return change();
      return this.#defineAfterRemovals(change);
    } catch (error) {
      this.#watcher.onFailed(reasonOf(error));
      throw new ConnectionError("INTERNAL_ERROR", "the data directory cannot be written");
    }
  }

  /** What is to go goes first: it may be of the same name. */
  #defineAfterRemovals<T>(change: () => T): T {
    this.#database.exec("BEGIN");
    try {
      for (const removal of this.#removals) removal();
      const result = change();
      this.#database.exec("COMMIT");
      this.#removals = [];
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#database.prepare(sql));
    return statement;
  }

  /** Removes a definition with the batch, and again until the disk takes it. */
  #remove(removal: () => void): void {
    this.#removals.push(removal);
    this.#watcher.onRemoval();
  }

  addExchange(exchange: Exchange): void {
    const { vhost, name, type, autoDelete, internal } = exchange;
    const table = encodeTable(exchange.arguments);
    this.#define(() =>
      this.#prepared("INSERT OR REPLACE INTO exchange VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(...checked(vhost, name, type, Number(autoDelete), Number(internal), table))
    );
  }

  removeExchange({ vhost, name }: Exchange): void {
    this.#remove(() =>
      this.#prepared("DELETE FROM exchange WHERE vhost = ? AND name = ?").run(vhost, name)
    );
  }

  addQueue(queue: Queue): number {
    const { lastInsertRowid } = this.#define(() =>
      this.#prepared(
        "INSERT INTO queue (vhost, name, auto_delete, arguments, checksum) VALUES (?, ?, ?, ?, ?)",
      ).run(
        ...checked(queue.vhost, queue.name, Number(queue.autoDelete), encodeTable(queue.arguments)),
      )
    );
    return Number(lastInsertRowid);
  }

  removeQueue({ storeId }: Queue): void {
    this.#remove(() => this.#prepared("DELETE FROM queue WHERE id = ?").run(storeId));
  }

  addBinding(binding: Binding): void {
    this.#define(() =>
      this.#prepared("INSERT OR IGNORE INTO binding VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(...checked(...bindingKey(binding)))
    );
  }

  removeBinding(binding: Binding): void {
    const key = bindingKey(binding);
    this.#remove(() =>
      this.#prepared(
        "DELETE FROM binding WHERE vhost = ? AND source = ? AND to_queue = ? AND " +
          "destination = ? AND routing_key = ? AND arguments = ?",
      ).run(...key)
    );
  }

  removeBindings({ vhost, name }: Exchange, destination?: Destination): void {
    const all = "DELETE FROM binding WHERE vhost = ? AND source = ?";
    if (destination === undefined) {
      return this.#remove(() => this.#prepared(all).run(vhost, name));
    }
    const to = [Number(destination instanceof Queue), destination.name] as const;
    const some = `${all} AND to_queue = ? AND destination = ?`;
    this.#remove(() => this.#prepared(some).run(vhost, name, ...to));
  }
}

function bindingKey({ source, destination, routingKey, arguments: table }: Binding) {
  const toQueue = Number(destination instanceof Queue);
  return [
    source.vhost,
    source.name,
    toQueue,
    destination.name,
    routingKey,
    encodeTable(table),
  ] as const;
}

/** The columns of a definition, in the order of schema.ts, and their checksum. */
function checked(...values: readonly SqlValue[]): SqlValue[] {
  return [...values, definitionChecksum(values)];
}
