import type { DatabaseSync } from "node:sqlite";

/** The log is the only copy of what it has for that long at most, in ms. */
const CHECKPOINT_MS = 5_000;

/**
 * Copies the log into the database from time to time, and empties it. SQLite does it by itself
 * only when the log is long, which may be days after the last message.
 */
export class Checkpoints implements Disposable {
  readonly #database: DatabaseSync;
  readonly #onDone: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onDone all that is committed is in the database, and flushed. */
  constructor(database: DatabaseSync, onDone: () => void) {
    this.#database = database;
    this.#onDone = onDone;
  }

  /** Something was written to the log. */
  written(): void {
    this.#timer ??= setTimeout(() => this.#run(), CHECKPOINT_MS);
  }

  #run(): void {
    this.#timer = undefined;
    try {
      // An old log that is cut short would put old pages over newer ones: none is left.
      const result = this.#database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
      if (result?.busy === 0) this.#onDone();
    } catch {
      // No room, say: the log still has it, and the next batch tells what is wrong.
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
