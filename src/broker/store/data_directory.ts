import { accessSync, chmodSync, constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Damage } from "./damage.ts";
import { DamagedDataError, DataDirectoryError } from "./data_directory_error.ts";
import { DataFiles } from "./data_files.ts";
import { Ledger, readHoldings, readRecord } from "./ledger.ts";
import { moveUnreadableAside, salvage } from "./salvage.ts";
import { hasLedger, prepareSchema, refuseForeign } from "./schema.ts";

/** Told what became of a data directory, for people. */
export interface DataDirectoryWatcher {
  /** Permissions were too wide. */
  onMended(reason: string): void;
  /** Something is missing or set aside. */
  onDamaged(reason: string): void;
}

export interface DataDirectoryOptions {
  directory: string;
  /** Go on where confirmed work is missing. */
  acceptDamage: boolean;
}

/** A data directory that this process alone has open. */
export class DataDirectory implements Disposable {
  readonly files: DataFiles;
  readonly database: DatabaseSync;
  readonly ledger: Ledger;
  /** Nothing more is taken, as if its disk were full. */
  full = false;
  readonly #acceptDamage: boolean;
  readonly #watcher: DataDirectoryWatcher;

  /**
   * Opens the database in a data directory; both are made when missing.
   * @throws {DataDirectoryError} when the directory cannot be written or another broker holds it.
   * @throws {DamagedDataError} when confirmed work is missing, and that was not accepted.
   */
  constructor({ directory, acceptDamage }: DataDirectoryOptions, watcher: DataDirectoryWatcher) {
    this.files = new DataFiles(directory);
    this.#acceptDamage = acceptDamage;
    this.#watcher = watcher;
    let database: DatabaseSync | undefined;
    try {
      if (mkdirSync(directory, { recursive: true, mode: 0o700 })) chmodSync(directory, 0o700);
      accessSync(directory, constants.W_OK); // SQLite says "disk I/O error" where this says why
      this.#keepLostLog();
      const unreadable = this.#moveUnreadableAside();
      this.files.create();
      database = new DatabaseSync(this.files.database);
      // The exclusive lock is the guard against a second broker: it ends with the process.
      database.exec("PRAGMA locking_mode=EXCLUSIVE");
      refuseForeign(database); // before anything is written
      for (const reason of this.files.mend()) watcher.onMended(reason);
      this.#compareRecord(database);
      // Pages of the log that are copied at once, while all wait: 4,000 took 70 ms; 1,000 cost
      // publishers 4 %.
      database.exec(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; " +
          "PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=67108864; " +
          "BEGIN IMMEDIATE; COMMIT",
      );
      prepareSchema(database);
      if (unreadable !== undefined) this.#salvage(unreadable, database);
      this.files.remember();
      this.ledger = new Ledger(database, this.files.record);
      this.database = database;
    } catch (cause) {
      database?.close();
      throw cause instanceof DamagedDataError ? cause : new DataDirectoryError(directory, cause);
    }
  }

  /** @throws {Error} when it is full */
  requireRoom(): void {
    if (this.full) throw new Error("database or disk is full");
  }

  /** A log without its database: SQLite would delete it. */
  #keepLostLog(): void {
    if (!this.files.databaseIsGone) return;
    const damage = new Damage();
    damage.lost("broker.sqlite is gone or empty, and what its log has needs it");
    this.settle(damage);
    this.#watcher.onDamaged(`the log is set aside as ${this.files.moveLogAside()}`);
  }

  /** With leave to go on, what SQLite cannot read is replaced. */
  #moveUnreadableAside(): string | undefined {
    if (!this.#acceptDamage || !existsSync(this.files.database)) return undefined;
    return moveUnreadableAside(this.files);
  }

  #salvage(name: string, into: DatabaseSync): void {
    const messages = salvage(join(this.files.directory, name), into);
    this.#watcher.onDamaged(
      `broker.sqlite could not be read and is set aside as ${name}; ` +
        `${messages} messages could be copied from it`,
    );
  }

  /** Whether the database is as far as the last confirms were. */
  #compareRecord(database: DatabaseSync): void {
    const record = readRecord(this.files.record);
    const { changes, stored } = (hasLedger(database) && readHoldings(database)) ||
      { changes: 0, stored: 0 };
    if (record === undefined) {
      if (changes === 0) return;
      this.#watcher.onDamaged(
        "broker.sqlite-commits is missing or damaged: nobody knows whether confirmed work is missing",
      );
      return;
    }
    if (record.changes <= changes) return;
    const aside = this.files.copyLogAside();
    const damage = new Damage();
    damage.lost(
      `the last ${record.changes - changes} of ${record.changes} transactions are missing, ` +
        `and with them ${record.stored - stored} of ${record.stored} stored messages` +
        (aside === undefined ? "" : ` (the log is set aside as ${aside})`),
    );
    this.settle(damage);
  }

  /**
   * Sets aside what cannot be used, and tells it.
   * @throws {DamagedDataError} when confirmed work is missing, and that was not accepted.
   */
  settle(damage: Damage): void {
    if (!this.#acceptDamage) damage.refuse(this.files);
    for (const reason of damage.setAside(this.files)) this.#watcher.onDamaged(reason);
  }

  /** All was read, and what is to stay is written: makes it safe, and starts the record anew. */
  recovered({ messages }: { messages: number }): void {
    this.ledger.begin(messages);
    this.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const reached = readHoldings(this.database);
    const record = readRecord(this.files.record);
    if (record?.changes === reached?.changes && record?.stored === reached?.stored) return;
    this.ledger.confirmAll();
    this.ledger.flush();
  }

  /** All is written: notes what there is, so that the next start misses what is not. */
  seal(): void {
    try {
      this.ledger.seal();
      this.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      this.ledger.confirmAll();
    } catch {
      // No room: the next start cannot count.
    }
  }

  /** Closes the database: SQLite copies the log into it, and removes the log. */
  [Symbol.dispose](): void {
    this.database.close();
    this.ledger[Symbol.dispose]();
  }
}
