import type { DatabaseSync } from "node:sqlite";
import { definitionChecksum, type SqlValue } from "./checksum.ts";

/** Raised with every change to the tables; an older one is brought up, a newer one refused. */
const SCHEMA_VERSION = 3;
const FIRST_VERSION = 1;

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

/** The tables that a database has, and since which version. */
const TABLE_NAMES = [
  ["exchange", 1],
  ["queue", 1],
  ["binding", 1],
  ["message", 1],
  ["ledger", 2],
  ["setting", 3],
] as const;

/** The columns that a definition's checksum is of. */
export const DEFINITION_COLUMNS = {
  exchange: ["vhost", "name", "type", "auto_delete", "internal", "arguments"],
  queue: ["vhost", "name", "auto_delete", "arguments"],
  binding: ["vhost", "source", "to_queue", "destination", "routing_key", "arguments"],
  setting: ["kind", "vhost", "name", "value"],
} as const;

export type DefinitionTable = keyof typeof DEFINITION_COLUMNS;

/**
 * Since version 2: a CRC-32 of each row, over the columns that never change, and the books, see
 * ledger.ts. Messages that are older than that have none.
 */
const CHECKS = `
  ALTER TABLE exchange ADD COLUMN checksum INTEGER;
  ALTER TABLE queue ADD COLUMN checksum INTEGER;
  ALTER TABLE binding ADD COLUMN checksum INTEGER;
  ALTER TABLE message ADD COLUMN checksum INTEGER;
  CREATE TABLE ledger (
    changes INTEGER NOT NULL, stored INTEGER NOT NULL, messages INTEGER,
    definitions INTEGER, unchecked_up_to INTEGER NOT NULL
  );
  INSERT INTO ledger SELECT 0, 0, NULL, NULL, coalesce(max(id), 0) FROM message;
`;

/** Since version 3: what was set while the broker ran, see durable_settings.ts; values are JSON. */
const SETTINGS = `
  CREATE TABLE setting (
    kind TEXT NOT NULL, vhost TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    checksum INTEGER, PRIMARY KEY (kind, vhost, name)
  ) WITHOUT ROWID;
`;

/**
 * Reads, and writes nothing.
 * @throws {Error} when the database is of another version, or of another program.
 */
export function refuseForeign(database: DatabaseSync): void {
  const version = versionOf(database);
  if (version !== 0 && (version < FIRST_VERSION || version > SCHEMA_VERSION)) {
    throw new Error(`data directory has format ${version}, this version reads ${SCHEMA_VERSION}`);
  }
  const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const tables = rows.map(({ name }) => name);
  const expected = TABLE_NAMES.filter(([, since]) => since <= version);
  if (version === 0 ? tables.length > 0 : !expected.every(([name]) => tables.includes(name))) {
    throw new Error("its broker.sqlite is the database of another program");
  }
}

/** Creates the tables in an empty database, and brings older ones up. */
export function prepareSchema(database: DatabaseSync): void {
  const version = versionOf(database);
  if (version === SCHEMA_VERSION) return;
  database.exec("BEGIN");
  if (version === 0) database.exec(TABLES);
  database.exec(SETTINGS);
  if (version < 2) {
    database.exec(CHECKS);
    for (const table of Object.keys(DEFINITION_COLUMNS)) addChecksums(database, table);
  }
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

function addChecksums(database: DatabaseSync, table: string): void {
  const columns = DEFINITION_COLUMNS[table as DefinitionTable];
  const keys = columns.map((column) => `${column} = ?`).join(" AND ");
  const update = database.prepare(`UPDATE ${table} SET checksum = ? WHERE ${keys}`);
  for (const row of database.prepare(`SELECT * FROM ${table}`).all()) {
    const values = columns.map((column) => row[column] as SqlValue);
    update.run(definitionChecksum(values), ...values);
  }
}

/** Whether the database keeps books, see ledger.ts. */
export function hasLedger(database: DatabaseSync): boolean {
  return versionOf(database) >= 2;
}

function versionOf(database: DatabaseSync): number {
  const row = database.prepare("PRAGMA user_version").get() as { user_version: number };
  return row.user_version;
}
