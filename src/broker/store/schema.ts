import type { DatabaseSync } from "node:sqlite";

/** Raised with every change to the tables; another number on disk is refused. */
export const SCHEMA_VERSION = 1;

/**
 * Names are binary strings (one character an octet), argument tables are as on the wire, times are
 * in ms since 1970. `message.bytes` is laid out as model/message.ts says; `body_at` points into it.
 * Queue ids are never used twice, so a row left behind by a deleted queue finds no owner.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS exchange (
    vhost TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, auto_delete INTEGER NOT NULL,
    internal INTEGER NOT NULL, arguments BLOB NOT NULL, PRIMARY KEY (vhost, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, vhost TEXT NOT NULL, name TEXT NOT NULL,
    auto_delete INTEGER NOT NULL, arguments BLOB NOT NULL,
    delivered_up_to INTEGER NOT NULL DEFAULT 0, UNIQUE (vhost, name)
  );
  CREATE TABLE IF NOT EXISTS binding (
    vhost TEXT NOT NULL, source TEXT NOT NULL, to_queue INTEGER NOT NULL,
    destination TEXT NOT NULL, routing_key TEXT NOT NULL, arguments BLOB NOT NULL,
    PRIMARY KEY (vhost, source, to_queue, destination, routing_key, arguments)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, expires_at REAL, body_at INTEGER NOT NULL,
    bytes BLOB NOT NULL, delivery_count INTEGER NOT NULL DEFAULT 0
  );
`;

/**
 * Creates the tables in an empty database.
 * @throws {Error} when the database is of another version.
 */
export function prepareSchema(database: DatabaseSync): void {
  const row = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (row.user_version !== 0 && row.user_version !== SCHEMA_VERSION) {
    throw new Error(
      `data directory has format ${row.user_version}, this version reads ${SCHEMA_VERSION}`,
    );
  }
  if (row.user_version === SCHEMA_VERSION) return;
  database.exec(`BEGIN; ${TABLES} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}
