import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { EndOfTurn, TurnWork } from "../end_of_turn.ts";
import type { Entry, EntryQueue } from "../model/entry.ts";
import type { DurableStore } from "../model/durable_store.ts";
import { Checkpoints } from "./checkpoints.ts";
import { messageChecksum } from "./checksum.ts";
import {
  DataDirectory,
  type DataDirectoryOptions,
  type DataDirectoryWatcher,
} from "./data_directory.ts";
import { reasonOf } from "./data_directory_error.ts";
import { DefinitionStore } from "./definition_store.ts";
import { SettingStore } from "./setting_store.ts";

/** Deletes in one transaction: more than are acknowledged in one turn. */
const DELETES_PER_BATCH = 20_000;
/** Those that nobody waits for had better come later than that many. */
const ENOUGH_DELETES = 4_000;
/** Wait before trying again what the disk refused, in ms. */
const RETRY_MS = 1_000;

/** What a store tells. */
export interface MessageStoreWatcher extends DataDirectoryWatcher {
  /** Why a batch could not be written; the broker goes on. */
  onFailed(reason: string): void;
}

/** Learns whether what it published is on disk. */
export interface CommitWaiter {
  /** @param ok false when the disk refused the batch. */
  committed(ticket: number, ok: boolean): void;
}

/**
 * Durable queues, exchanges, bindings and persistent messages in one SQLite database.
 *
 * Group commit: everything that arrives in one turn of the event loop is one transaction at its
 * end. It is flushed to the disk (synchronous=FULL) when someone waits for it, that is when a
 * publish is to be confirmed; acknowledgements alone are only written.
 */
export class MessageStore implements DurableStore, TurnWork, Disposable {
  readonly directory: DataDirectory;
  readonly definitions: DefinitionStore;
  readonly settings: SettingStore;
  readonly #database: DatabaseSync;
  readonly #checkpoints: Checkpoints;
  readonly #endOfTurn: EndOfTurn;
  readonly #watcher: MessageStoreWatcher;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #deliveredUpTo: StatementSync;
  readonly #deliveryCount: StatementSync;
  #inserts: Entry[] = [];
  #deletes: number[] = [];
  /** Inserts that replace what is deleted with them: dead letters. Never one without the other. */
  #moved = new Set<Entry>();
  #touchedQueues = new Set<EntryQueue>();
  #counted = new Set<Entry>();
  #waiters: CommitWaiter[] = [];
  #tickets: number[] = [];
  /** Whether the end of the turn commits. */
  #wanted = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #flushes = false;
  #closed = false;

  /**
   * @throws {DataDirectoryError} when the directory cannot be written or another broker holds it.
   * @throws {DamagedDataError} when confirmed work is missing, and that was not accepted.
   */
  constructor(options: DataDirectoryOptions, endOfTurn: EndOfTurn, watcher: MessageStoreWatcher) {
    this.#endOfTurn = endOfTurn;
    this.#watcher = watcher;
    this.directory = new DataDirectory(options, watcher);
    const { database, ledger } = this.directory;
    this.#database = database;
    this.#checkpoints = new Checkpoints(database, () => ledger.confirmAll());
    this.definitions = new DefinitionStore(this.directory, {
      onAddition: () => this.#checkpoints.written(),
      onRemoval: () => this.#schedule(),
      onFailed: (reason) => watcher.onFailed(reason),
    });
    this.settings = new SettingStore(this.directory, {
      onChange: () => this.#checkpoints.written(),
      onFailed: (reason) => watcher.onFailed(reason),
    });
    this.#insert = database.prepare(
      "INSERT INTO message (id, queue, expires_at, body_at, bytes, checksum) " +
        "VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#delete = database.prepare("DELETE FROM message WHERE id = ?");
    this.#deliveredUpTo = database.prepare("UPDATE queue SET delivered_up_to = ? WHERE id = ?");
    this.#deliveryCount = database.prepare("UPDATE message SET delivery_count = ? WHERE id = ?");
  }

  insert(entry: Entry, { moved }: { moved: boolean }): void {
    entry.storage = "pending";
    if (moved) this.#moved.add(entry);
    this.#inserts.push(entry);
    this.#schedule();
  }

  remove(entry: Entry): void {
    if (entry.storage === "kept") {
      this.#deletes.push(entry.position);
      this.#schedule();
    }
    entry.storage = "none";
  }

  get isBusy(): boolean {
    // While the disk takes nothing there is no commit to wait for.
    return this.#deletes.length >= ENOUGH_DELETES && this.#retry === undefined;
  }

  exclude(entries: Iterable<Entry>): void {
    if (this.#inserts.length === 0) return; // mostly
    for (const entry of entries) if (entry.storage === "pending") entry.storage = "none";
  }

  touch(entry: Entry): void {
    const { queue } = entry;
    if (entry.position > queue.deliveredUpTo) {
      queue.deliveredUpTo = entry.position;
      this.#touchedQueues.add(queue);
      this.#schedule();
    }
    if (queue.policy.quorum && entry.deliveryCount > 0) {
      this.#counted.add(entry);
      this.#schedule();
    }
  }

  /** Tells the waiter once all that was inserted so far is on disk. */
  whenCommitted(waiter: CommitWaiter, ticket: number): void {
    this.#waiters.push(waiter);
    this.#tickets.push(ticket);
    this.#schedule();
  }

  /** Writes the batch at the end of this turn of the event loop. */
  #schedule(): void {
    if (this.#wanted || this.#closed) return;
    this.#wanted = true;
    this.#endOfTurn.want("commit", this);
  }

  endTurn(): boolean {
    this.#wanted = false;
    if (this.#closed) return false;
    if (!this.commit()) {
      // Deletes and marks stay queued: try them again when the disk may have room.
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.#schedule();
      }, RETRY_MS);
    } else if (this.#deletes.length > 0) {
      this.#wanted = true;
    }
    return this.#wanted;
  }

  failed(error: unknown): void {
    this.#watcher.onFailed(reasonOf(error));
  }

  /**
   * Writes the batch and tells the waiters.
   * @returns false when the disk refused it.
   */
  commit(): boolean {
    const inserts = this.#inserts;
    const waiters = this.#waiters;
    const tickets = this.#tickets;
    this.#inserts = [];
    this.#waiters = [];
    this.#tickets = [];
    const ok = this.#write(inserts, waiters.length > 0);
    // What leaves needs little room: let it go even if nothing new fits.
    if (!ok && inserts.length > 0 && this.#moved.size === 0) this.#write([], false);
    for (let index = 0; index < waiters.length; index++) {
      waiters[index]!.committed(tickets[index]!, ok);
    }
    return ok;
  }

  #write(inserts: Entry[], flush: boolean): boolean {
    const { files, ledger } = this.directory;
    const deletes = this.#deletes.length;
    const batch = Math.min(deletes, DELETES_PER_BATCH);
    let stored = 0;
    let removed = 0;
    try {
      if (flush) files.requireOpened();
      if (inserts.length > 0) this.directory.requireRoom();
      if (flush !== this.#flushes) {
        this.#database.exec(`PRAGMA synchronous=${flush ? "FULL" : "NORMAL"}`);
        this.#flushes = flush;
      }
      this.#database.exec("BEGIN");
      this.definitions.runRemovals();
      for (const entry of inserts) {
        if (entry.storage !== "pending") continue;
        this.#write1(entry);
        stored++;
      }
      for (let index = deletes - batch; index < deletes; index++) {
        removed += Number(this.#delete.run(this.#deletes[index]!).changes);
      }
      for (const queue of this.#touchedQueues) {
        this.#deliveredUpTo.run(queue.deliveredUpTo, queue.storeId);
      }
      for (const entry of this.#counted) {
        if (entry.storage !== "none") this.#deliveryCount.run(entry.deliveryCount, entry.position);
      }
      ledger.enter(stored);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#rollBack(inserts, error);
      return false;
    }
    for (const entry of inserts) if (entry.storage === "pending") entry.storage = "kept";
    this.#deletes.length = deletes - batch;
    this.definitions.forgetRemovals();
    this.#moved.clear();
    this.#touchedQueues.clear();
    this.#counted.clear();
    ledger.committed({ stored, removed });
    this.#checkpoints.written();
    // Only what this commit has flushed: a commit of nothing flushes nothing.
    return !flush || stored === 0 || this.#confirm();
  }

  #confirm(): boolean {
    try {
      this.directory.ledger.confirm();
      return true;
    } catch (error) {
      this.#watcher.onFailed(reasonOf(error));
      return false;
    }
  }

  #write1(entry: Entry): void {
    const { message, position, queue } = entry;
    const expiresAt = entry.expiresAt === Infinity ? null : entry.expiresAt;
    const bodyAt = message.bodyAt - message.start;
    const bytes = message.bytes.subarray(message.start, message.end);
    const checksum = messageChecksum(position, queue.storeId, expiresAt, bodyAt, bytes);
    this.#insert.run(position, queue.storeId, expiresAt, bodyAt, bytes, checksum);
  }

  /**
   * The messages of a refused batch live on in memory: their publishers are told with a nack.
   * Dead letters stay in line with the deletion of what they replace.
   */
  #rollBack(inserts: Entry[], error: unknown): void {
    try {
      this.#database.exec("ROLLBACK");
    } catch {
      // SQLite rolled back by itself, as it does when the disk is full.
    }
    try {
      // Starts the log anew in the room it has.
      this.#database.exec("PRAGMA wal_checkpoint(RESTART)");
    } catch {
      // No room for that either.
    }
    for (const entry of inserts) {
      if (entry.storage !== "pending") continue;
      if (this.#moved.has(entry)) this.#inserts.push(entry);
      else entry.storage = "none";
    }
    this.#watcher.onFailed(reasonOf(error));
  }

  /** Writes what is left and closes the database. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    let ok = this.commit();
    while (ok && (this.#deletes.length > 0 || this.definitions.hasRemovals)) ok = this.commit();
    if (ok) this.directory.seal();
    this.abandon();
  }

  /** Closes the database and writes nothing more. */
  abandon(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#checkpoints[Symbol.dispose]();
    this.directory[Symbol.dispose]();
  }
}
