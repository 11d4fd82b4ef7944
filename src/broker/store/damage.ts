import { Buffer } from "node:buffer";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DamagedDataError } from "./data_directory_error.ts";
import type { DataFiles } from "./data_files.ts";

/** A row that cannot be used, as it was read. */
export interface DamagedRow {
  table: "exchange" | "queue" | "binding" | "setting" | "message";
  /** What it is, for people: `message 17 of queue "tasks"`. */
  name: string;
  reason: string;
  row: Record<string, unknown>;
}

/** Rows that are named in one line of the log. */
const NAMES_PER_LINE = 20;

/** What a data directory has lost, and what in it cannot be used. */
export class Damage {
  readonly #losses: string[] = [];
  readonly rows: DamagedRow[] = [];

  /** Something is missing: the broker starts without it only if told to. */
  lost(clause: string): void {
    this.#losses.push(clause);
  }

  /** A row is to be set aside. A definition is a loss: clients would not find their queue. */
  damaged(row: DamagedRow): void {
    this.rows.push(row);
    if (row.table !== "message") this.lost(`${row.name} ${row.reason}`);
  }

  get found(): boolean {
    return this.#losses.length + this.rows.length > 0;
  }

  /** @throws {DamagedDataError} when something is missing */
  refuse(files: DataFiles): void {
    if (this.#losses.length > 0) throw new DamagedDataError(files.directory, this.#losses);
  }

  /**
   * Writes the damaged rows to a file, one JSON object a line.
   * @returns what was lost and where the rows are, for the log
   */
  setAside(files: DataFiles): string[] {
    const told = this.#losses.map((loss) => `${loss}; gone on without it`);
    if (this.rows.length === 0) return told;
    const name = files.asideName("rows.ndjson");
    const file = openSync(join(files.directory, name), "wx", 0o600);
    try {
      for (const row of this.rows) writeSync(file, `${JSON.stringify(row, inBase64)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    for (let from = 0; from < this.rows.length; from += NAMES_PER_LINE) {
      const some = this.rows.slice(from, from + NAMES_PER_LINE);
      const names = some.map((row) => `${row.name} (${row.reason})`).join(", ");
      told.push(`set aside in ${name}: ${names}`);
    }
    return told;
  }
}

function inBase64(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}
