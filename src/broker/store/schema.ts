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

const TABLE_NAMES = ["exchange", "queue", "binding", "message"];

/**
 * Reads, and writes nothing.
 * @throws {Error} when the database is of another version, or of another program.
 */
export function refuseForeign(database: DatabaseSync): void {
  const version = versionOf(database);
  if (version !== 0 && version !== SCHEMA_VERSION) {
    throw new Error(`data directory has format ${version}, this version reads ${SCHEMA_VERSION}`);
  }
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const tables = rows.map(({ name }) => name);
  if (version === 0 ? tables.length > 0 : !TABLE_NAMES.every((name) => tables.includes(name))) {
    throw new Error("its broker.sqlite is the database of another program");
  }
}

/** Creates the tables in an empty database. */
export function prepareSchema(database: DatabaseSync): void {
  if (versionOf(database) === SCHEMA_VERSION) return;
  database.exec(`BEGIN; ${TABLES} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

function versionOf(database: DatabaseSync): number {
  const row = database.prepare("PRAGMA user_version").get() as { user_version: number };
  return row.user_version;
}
