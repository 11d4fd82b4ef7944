import type { DatabaseSync } from "node:sqlite";
import type { DurableSettings, SettingKey } from "../durable_settings.ts";
import { ConnectionError } from "../wire/protocol_error.ts";
import { definitionChecksum } from "./checksum.ts";
import type { DataDirectory } from "./data_directory.ts";
import { reasonOf } from "./data_directory_error.ts";

/** What a setting store tells. */
export interface SettingStoreWatcher {
  /** Something was written. */
  onChange(): void;
  /** The disk refused a change; the broker goes on. */
  onFailed(reason: string): void;
}

/**
 * Users, virtual hosts, policies and global parameters that were set while the broker ran. Each
 * change is flushed before it is answered: a user that was removed must not be back after a power
 * failure.
 */
export class SettingStore implements DurableSettings {
  readonly #directory: DataDirectory;
  readonly #database: DatabaseSync;
  readonly #watcher: SettingStoreWatcher;

  constructor(directory: DataDirectory, watcher: SettingStoreWatcher) {
    this.#directory = directory;
    this.#database = directory.database;
    this.#watcher = watcher;
  }

  put({ kind, vhost, name }: SettingKey, value: unknown): void {
    const values = [kind, vhost, name, JSON.stringify(value)];
    this.together(() =>
      this.#database.prepare("INSERT OR REPLACE INTO setting VALUES (?, ?, ?, ?, ?)")
        .run(...values, definitionChecksum(values))
    );
  }

  remove({ kind, vhost, name }: SettingKey): void {
    this.together(() =>
      this.#database.prepare("DELETE FROM setting WHERE kind = ? AND vhost = ? AND name = ?")
        .run(kind, vhost, name)
    );
  }

  removeVHost(name: string): void {
    this.together(() => {
      // Messages without a queue are forgotten at the next start, should they still be there.
      for (const table of ["exchange", "queue", "binding", "setting"]) {
        this.#database.prepare(`DELETE FROM ${table} WHERE vhost = ?`).run(name);
      }
      this.remove({ kind: "vhost", vhost: "", name });
    });
  }

  together(change: () => void): void {
    if (this.#database.isTransaction) return change();
    const { synchronous } = this.#database.prepare("PRAGMA synchronous").get()!;
    try {
      this.#directory.files.requireOpened();
      this.#directory.ledger.unseal();
      this.#database.exec("PRAGMA synchronous=FULL; BEGIN");
      change();
      this.#database.exec("COMMIT");
      this.#watcher.onChange();
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      this.#watcher.onFailed(reasonOf(error));
      throw new ConnectionError("INTERNAL_ERROR", "the data directory cannot be written");
    } finally {
      this.#database.exec(`PRAGMA synchronous=${synchronous}`);
    }
  }
}
