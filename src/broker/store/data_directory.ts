import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { prepareSchema, refuseForeign } from "./schema.ts";

/** The data directory is in use by another broker, or cannot be used. */
export class DataDirectoryError extends Error {
  override readonly name = "DataDirectoryError";

  constructor(directory: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const problem = /locked|busy/i.test(reason)
      ? "is in use by another broker"
      : `cannot be used: ${reason}`;
    super(`data directory "${directory}" ${problem}`, { cause });
  }
}

/**
 * SQLite goes on writing to a file that has no name any more, and nobody will find it again.
 * @throws {Error} when the database was moved or deleted.
 */
export function requireDatabase(directory: string): void {
  if (existsSync(fileOf(directory))) return;
  throw new Error(`${fileOf(directory)} is not there any more: it was deleted or moved`);
}

/**
 * Opens the database in a data directory for this process alone; both are made when missing.
 * @throws {DataDirectoryError} when the directory cannot be written or another broker holds it.
 */
export function openDatabase(directory: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK); // SQLite says "disk I/O error" where this says why
    database = new DatabaseSync(fileOf(directory));
    // The exclusive lock is the guard against a second broker: it ends with the process.
    database.exec("PRAGMA locking_mode=EXCLUSIVE");
    refuseForeign(database); // before anything is written
    database.exec(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; " +
        "PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864; " +
        "BEGIN IMMEDIATE; COMMIT",
    );
    prepareSchema(database);
    return database;
  } catch (cause) {
    database?.close();
    throw new DataDirectoryError(directory, cause);
  }
}

function fileOf(directory: string): string {
  return join(directory, "broker.sqlite");
}

/** What the database says of a failure, for people. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
