import type { DatabaseSync } from "node:sqlite";
import type { DurableDefinitions } from "../model/durable_store.ts";
import type { Binding, Exchange } from "../model/exchange.ts";
import { Queue } from "../model/queue.ts";
import { encodeTable } from "../wire/field_table.ts";
import { ConnectionError } from "../wire/protocol_error.ts";
import { definitionChecksum, type SqlValue } from "./checksum.ts";
import type { DataDirectory } from "./data_directory.ts";
import { reasonOf } from "./data_directory_error.ts";

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
  /** Definitions that go, as deletions that may be made twice. */
  #removals: (() => void)[] = [];

  constructor(directory: DataDirectory, watcher: DefinitionStoreWatcher) {
    this.#directory = directory;
    this.#database = directory.database;
    this.#watcher = watcher;
  }

  /** Inside a transaction: removes what is to go. It may be done again until it is forgotten. */
  runRemovals(): void {
    for (const removal of this.#removals) removal();
  }

  /** The transaction is committed. */
  forgetRemovals(): void {
    this.#removals = [];
  }

  /**
   * Adds a definition at once.
   * @throws {ConnectionError} 541 when the disk refuses it.
   */
  #define<T>(change: () => T): T {
    try {
      this.#directory.files.requireOpened();
      this.#directory.ledger.unseal();
      this.#watcher.onAddition();
      this.runRemovals(); // it may be of the same name
      this.forgetRemovals();
      return change();
    } catch (error) {
      this.#watcher.onFailed(reasonOf(error));
      throw new ConnectionError("INTERNAL_ERROR", "the data directory cannot be written");
    }
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
      this.#database.prepare("INSERT OR REPLACE INTO exchange VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(...checked(vhost, name, type, Number(autoDelete), Number(internal), table))
    );
  }

  removeExchange({ vhost, name }: Exchange): void {
    this.#remove(() =>
      this.#database.prepare("DELETE FROM exchange WHERE vhost = ? AND name = ?").run(vhost, name)
    );
  }

  addQueue(queue: Queue): number {
    const { lastInsertRowid } = this.#define(() =>
      this.#database.prepare(
        "INSERT INTO queue (vhost, name, auto_delete, arguments, checksum) VALUES (?, ?, ?, ?, ?)",
      ).run(
        ...checked(queue.vhost, queue.name, Number(queue.autoDelete), encodeTable(queue.arguments)),
      )
    );
    return Number(lastInsertRowid);
  }

  removeQueue({ storeId }: Queue): void {
    this.#remove(() => this.#database.prepare("DELETE FROM queue WHERE id = ?").run(storeId));
  }

  addBinding(binding: Binding): void {
    this.#define(() =>
      this.#database.prepare("INSERT OR IGNORE INTO binding VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(...checked(...bindingKey(binding)))
    );
  }

  removeBinding(binding: Binding): void {
    const key = bindingKey(binding);
    this.#remove(() =>
      this.#database.prepare(
        "DELETE FROM binding WHERE vhost = ? AND source = ? AND to_queue = ? AND " +
          "destination = ? AND routing_key = ? AND arguments = ?",
      ).run(...key)
    );
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
