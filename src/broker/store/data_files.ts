import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";

const DATABASE = "broker.sqlite";
const SET_ASIDE = "set-aside-";
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
/** Permissions of group and others. */
const OTHERS = 0o077;
/** Only who owns a file may delete it: a directory that everybody shares, like /tmp. */
const STICKY = 0o1000;

/** The files of a data directory: their names, permissions and identity. */
export class DataFiles {
  readonly directory: string;
  readonly database: string;
  /** SQLite's write-ahead log. */
  readonly log: string;
  /** How far confirms went, see ledger.ts. */
  readonly record: string;
  #opened: readonly (readonly [path: string, Stats])[] = [];

  constructor(directory: string) {
    this.directory = directory;
    this.database = join(directory, DATABASE);
    this.log = `${this.database}-wal`;
    this.record = `${this.database}-commits`;
  }

  /** Makes the database's file where there is none, so that SQLite finds its permissions. */
  create(): void {
    if (existsSync(this.database)) return;
    closeSync(openSync(this.database, "wx"));
    chmodSync(this.database, FILE_MODE); // whatever the umask
  }

  /** Whether there is a log, and no database that it belongs to: SQLite would delete it. */
  get databaseIsGone(): boolean {
    return sizeOf(this.database) === 0 && this.hasLog;
  }

  /**
   * Closes the directory and its files to everybody else.
   * @returns what was open, for people.
   */
  mend(): string[] {
    const mended: string[] = [];
    const mode = statSync(this.directory).mode;
    const entries = readdirSync(this.directory);
    if ((mode & OTHERS) !== 0) {
      const foreign = entries.find((name) => !isOurs(name));
      if (foreign === undefined) {
        chmodSync(this.directory, DIRECTORY_MODE);
        mended.push(`the directory was open to others (${octal(mode)}), and is closed now`);
      } else if ((mode & 0o022) !== 0 && (mode & STICKY) === 0) {
        mended.push(
          `the directory stays open to others (${octal(mode)}), because it has ` +
            `"${foreign}" in it too: they can delete the data`,
        );
      }
    }
    for (const name of entries.filter((name) => name.startsWith(DATABASE) || isSetAside(name))) {
      const path = join(this.directory, name);
      const fileMode = statSync(path).mode;
      if ((fileMode & 0o777) === FILE_MODE) continue;
      chmodSync(path, FILE_MODE);
      if ((fileMode & OTHERS) === 0) continue;
      mended.push(`${name} was readable for others (${octal(fileMode)}), and is closed now`);
    }
    return mended;
  }

  /** Remembers which files these are; the log is there after the first read. */
  remember(): void {
    this.#opened = [this.database, this.log].map((path) => [path, statSync(path)]);
  }

  /**
   * SQLite goes on writing to files that have no name any more, and nobody will find them again.
   * @throws {Error} when the database or its log are not those that were opened.
   */
  requireOpened(): void {
    for (const [path, { ino, dev }] of this.#opened) {
      const now = statSync(path, { throwIfNoEntry: false });
      if (now?.ino === ino && now.dev === dev) continue;
      const what = now === undefined ? "is not there any more" : "is another file now";
      throw new Error(`${path} ${what}: it was deleted, moved or replaced`);
    }
  }

  get hasLog(): boolean {
    return sizeOf(this.log) > 0;
  }

  /** A name for what is set aside now: `set-aside-2026-11-28T12-00-00.000Z-WHAT`. */
  asideName(what: string): string {
    return `${SET_ASIDE}${new Date().toISOString().replaceAll(":", "-")}-${what}`;
  }

  /** Keeps a copy of the log as it is now. @returns its name, undefined when there is no log */
  copyLogAside(): string | undefined {
    if (!this.hasLog) return undefined;
    const name = this.asideName("broker.sqlite-wal");
    copyFileSync(this.log, join(this.directory, name));
    chmodSync(join(this.directory, name), FILE_MODE);
    return name;
  }

  /** Moves the log out of SQLite's way. @returns its new name */
  moveLogAside(): string {
    const name = this.asideName("broker.sqlite-wal");
    renameSync(this.log, join(this.directory, name));
    return name;
  }
}

function isOurs(name: string): boolean {
  return name.startsWith(DATABASE) || isSetAside(name) || name === "lost+found";
}

function isSetAside(name: string): boolean {
  return name.startsWith(SET_ASIDE);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
