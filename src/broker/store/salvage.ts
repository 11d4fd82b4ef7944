import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { DataFiles } from "./data_files.ts";
import { readHoldings } from "./ledger.ts";
import { refuseForeign } from "./schema.ts";

/** SQLite's result codes: the image is malformed, and the file is not a database. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** By their keys, in an order in which nothing refers to what is not there yet. */
const TABLES = [
  ["exchange", "vhost"],
  ["queue", "id"],
  ["binding", "vhost"],
  ["setting", "kind"],
  ["message", "id"],
] as const;

/**
 * Moves a database that SQLite cannot read out of the way, with its log and record.
 * @returns its new name; undefined when SQLite can read it
 * @throws {Error} when it is another program's, or locked
 */
export function moveUnreadableAside(files: DataFiles): string | undefined {
  const database = new DatabaseSync(files.database);
  try {
    database.exec("PRAGMA locking_mode=EXCLUSIVE");
    refuseForeign(database);
    const { quick_check: found } = database.prepare("PRAGMA quick_check(1)").get()!;
    if (found === "ok") return undefined;
  } catch (error) {
    if (!isCorruption(error)) throw error;
  } finally {
    database.close();
  }
  const name = files.asideName("broker.sqlite");
  renameSync(files.database, join(files.directory, name));
  if (files.hasLog) files.moveLogAside();
  rmSync(files.record, { force: true });
  return name;
}

/** Copies what can be read, from both ends of each table. @returns how many messages */
export function salvage(path: string, into: DatabaseSync): number {
  const from = new DatabaseSync(path);
  try {
    from.exec("PRAGMA locking_mode=EXCLUSIVE");
    into.exec("BEGIN");
    let copied = 0;
    for (const [table, key] of TABLES) {
      copied = 0;
      for (const order of ["ASC", "DESC"]) {
        untilDamage(() => {
          const rows = from.prepare(`SELECT * FROM ${table} ORDER BY ${key} ${order}`).iterate();
          for (const row of rows) copied += insert(into, table, row);
        });
      }
    }
    untilDamage(() => {
      const { unchecked_up_to: unchecked } = readHoldings(from) ?? { unchecked_up_to: 0 };
      into.prepare("UPDATE ledger SET unchecked_up_to = ?").run(unchecked);
    });
    into.exec("COMMIT");
    return copied;
  } finally {
    from.close();
  }
}

function insert(into: DatabaseSync, table: string, row: Record<string, unknown>): number {
  const columns = Object.keys(row);
  const places = columns.map(() => "?").join();
  const statement = into.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.join()}) VALUES (${places})`,
  );
  return Number(statement.run(...Object.values(row) as string[]).changes);
}

function untilDamage(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!isCorruption(error)) throw error;
  }
}

function isCorruption(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode ?? 0;
  return [CORRUPT, NOT_A_DATABASE].includes(code & 0xff);
}
