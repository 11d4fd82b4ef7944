// deno-lint-ignore-file camelcase -- a column of the database
import { Buffer } from "node:buffer";
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";

/** How far the database came. */
export interface Progress {
  /** Transactions so far that messages came with. */
  changes: number;
  /** Messages written so far, gone or not. */
  stored: number;
}

/** What the database says that it holds. */
export interface Holdings extends Progress {
  /** Counted when it was closed in order; null since the first change after that. */
  messages: number | null;
  definitions: number | null;
  /** Messages up to this one are older than checksums. */
  unchecked_up_to: number;
}

/** `changes` and `stored` as doubles, and a CRC-32 of both. */
const RECORD_BYTES = 20;

/**
 * The books of a database. Its table `ledger` counts what goes in and out, in the transaction that
 * does it. The file beside it, the record, says how far the books were when the last confirms went
 * out. SQLite drops the end of a log whose middle it cannot read, and a log that is gone is none:
 * then the books are behind the record, and confirmed work is missing.
 *
 * The record is written after the flush of what it tells, so no crash leaves it ahead of the books.
 * It is not flushed itself: after a power failure it may be behind, and tells less.
 */
export class Ledger implements Disposable {
  readonly #update: StatementSync;
  readonly #seal: StatementSync;
  readonly #read: StatementSync;
  readonly #file: number;
  readonly #record = Buffer.alloc(RECORD_BYTES);
  #reached: Progress = { changes: 0, stored: 0 };
  /** Rows of messages in the database, as far as it is committed. */
  #messages = 0;
  /** The database has a count, which the next change must take away. */
  #sealed = true;

  /** @param path of the record */
  constructor(database: DatabaseSync, path: string) {
    this.#update = database.prepare(
      "UPDATE ledger SET changes = changes + 1, stored = stored + ?, messages = NULL, " +
        "definitions = NULL RETURNING changes, stored",
    );
    this.#seal = database.prepare(
      "UPDATE ledger SET messages = ?, definitions = (SELECT count(*) FROM exchange) + " +
        "(SELECT count(*) FROM queue) + (SELECT count(*) FROM binding) + " +
        "(SELECT count(*) FROM setting)",
    );
    this.#read = database.prepare("SELECT changes, stored FROM ledger");
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT);
    fchmodSync(this.#file, 0o600); // whatever the umask
  }

  /** Recovery counted the messages. */
  begin(messages: number): void {
    this.#messages = messages;
  }

  /**
   * Inside a transaction: so many messages came. Where some only went nothing is written, because
   * that would cost consumers a tenth of their rate.
   */
  enter(stored: number): void {
    if (stored > 0 || this.#sealed) this.#reached = this.#update.get(stored) as unknown as Progress;
  }

  /** The transaction is committed. */
  committed({ stored, removed }: { stored: number; removed: number }): void {
    this.#messages += stored - removed;
    this.#sealed = false;
  }

  /** A definition is to come, in a transaction of its own. */
  unseal(): void {
    if (!this.#sealed) return;
    this.enter(0);
    this.#sealed = false;
  }

  /** The last transaction: the next start must find as many messages and definitions. */
  seal(): void {
    this.#seal.run(this.#messages);
  }

  /** What was entered so far is committed and flushed, and will be confirmed. */
  confirm(): void {
    const { changes, stored } = this.#reached;
    this.#record.writeDoubleLE(changes, 0);
    this.#record.writeDoubleLE(stored, 8);
    this.#record.writeUInt32LE(crc32(this.#record.subarray(0, 16)), 16);
    writeSync(this.#file, this.#record, 0, RECORD_BYTES, 0);
  }

  /** All that the database has is flushed, whoever wrote it. */
  confirmAll(): void {
    this.#reached = this.#read.get() as unknown as Progress;
    this.confirm();
  }

  /** Makes the record outlive a power failure. */
  flush(): void {
    fsyncSync(this.#file);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** What the database says that it holds; undefined when it does not say. */
export function readHoldings(database: DatabaseSync): Holdings | undefined {
  return database.prepare("SELECT * FROM ledger").get() as unknown as Holdings | undefined;
}

/** What a record says; undefined when there is none that can be read. */
export function readRecord(path: string): Progress | undefined {
  let record: Buffer;
  try {
    record = readFileSync(path);
  } catch {
    return undefined;
  }
  if (record.length !== RECORD_BYTES) return undefined;
  if (crc32(record.subarray(0, 16)) !== record.readUInt32LE(16)) return undefined;
  return { changes: record.readDoubleLE(0), stored: record.readDoubleLE(8) };
}
