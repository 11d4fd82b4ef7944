import { mkdtempSync, openSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Bodies in files that nobody else can read (0600, in a directory with 0700 under TMPDIR), and
 * removed as soon as possible. Nothing is made before the first is needed.
 *
 * Written at once, not asynchronously: they go to the page cache, which costs less than a turn of
 * the event loop for a usual body, and a few milliseconds for one of 10 MB.
 */
export class TaskFiles implements Disposable {
  #directory: string | undefined;
  #made = 0;

  /** @throws {NodeJS.ErrnoException} where it cannot be made */
  get directory(): string {
    return this.#directory ??= mkdtempSync(join(tmpdir(), "worktool-"));
  }

  /**
   * A file with this body.
   *
   * @throws {NodeJS.ErrnoException} where it cannot be written
   */
  named(body: Uint8Array): NamedFile {
    const path = join(this.directory, String(++this.#made));
    try {
      writeFileSync(path, body, { mode: 0o600, flag: "wx" });
    } catch (error) {
      rmSync(path, { force: true }); // the part for which there was room
      throw error;
    }
    return new NamedFile(path);
  }

  /**
   * A descriptor to read this body from, of a file that has no name any more; to be closed.
   *
   * @throws {NodeJS.ErrnoException} where it cannot be written
   */
  unnamed(body: Uint8Array): number {
    using file = this.named(body);
    return openSync(file.path, "r");
  }

  [Symbol.dispose](): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }
}

/** A file of one task, removed at its end if it is still there. */
export class NamedFile implements Disposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  [Symbol.dispose](): void {
    try {
      unlinkSync(this.path);
    } catch {
      // the command removed it, or renamed it into place
    }
  }
}
