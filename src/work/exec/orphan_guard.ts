import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import type { TaskFiles } from "./task_files.ts";

/**
 * Reads nothing until worktool is gone; then removes its files, bodies among them, and ends the
 * process groups that are still noted.
 */
const SCRIPT = `trap '' INT TERM HUP QUIT
read -r _
rm -rf -- "$1"
while read -r group; do
  [ -n "$group" ] && kill -KILL "-$group"
done <&3`;

/** One process group id, or spaces, and a newline. */
const NOTE_BYTES = 12;

/**
 * Ends the commands of a worktool that was killed with SIGKILL, and so could not do it itself.
 *
 * A command has a process group of its own and would go on, with no one to settle its task, while
 * the broker gives the task to another worker. Linux has PR_SET_PDEATHSIG for it, but the runtime
 * cannot set it, it does not reach grandchildren, and other systems do not have it. So a shell
 * waits for the end of a pipe that only worktool holds.
 *
 * The groups are noted in an unnamed file, not sent through that pipe: a note is written before the
 * call returns (a runtime may delay what goes into a pipe, and kill -9 waits for no one), and the
 * shell does not wake up twice for every task. A worktool that is killed between the start of a
 * command and its note leaves that command behind: microseconds, more on a machine that is busy.
 */
export class OrphanGuard implements AsyncDisposable {
  readonly #shell: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #notes: number;
  readonly #free: number[] = [];
  #slots = 0;

  /**
   * Starts the shell.
   *
   * @returns null where there is no /bin/sh, or no place for the notes: commands run unguarded
   */
  static start(files: TaskFiles): OrphanGuard | null {
    try {
      return new OrphanGuard(files);
    } catch {
      return null;
    }
  }

  private constructor(files: TaskFiles) {
    // Opened twice: two positions in one file, so that the shell reads from its start.
    using file = files.named(new Uint8Array());
    this.#notes = openSync(file.path, "r+");
    const reader = openSync(file.path, "r");
    try {
      // A session of its own: Ctrl-C does not reach it, nor does the hang-up of the terminal.
      this.#shell = spawn("/bin/sh", ["-c", SCRIPT, "worktool-guard", resolve(files.directory)], {
        stdio: ["pipe", "ignore", "ignore", reader],
        detached: true,
        cwd: "/",
      });
    } catch (error) {
      closeSync(this.#notes);
      throw error;
    } finally {
      closeSync(reader);
    }
    this.#exited = once(this.#shell, "exit").catch(() => {}); // an error: there is no shell
    this.#shell.stdin!.on("error", () => {});
    this.#shell.unref();
  }

  /** Notes a process group; the slot is to be given back when it has ended. */
  note(processGroup: number): number {
    const slot = this.#free.pop() ?? this.#slots++;
    this.#write(slot, String(processGroup));
    return slot;
  }

  /** At once: the number may soon be another's. */
  forget(slot: number): void {
    this.#write(slot, "");
    this.#free.push(slot);
  }

  /** Nothing must be noted any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    closeSync(this.#notes);
    this.#shell.ref();
    this.#shell.stdin!.end();
    await this.#exited;
  }

  #write(slot: number, text: string): void {
    try {
      writeSync(
        this.#notes,
        Buffer.from(`${text.padEnd(NOTE_BYTES - 1)}\n`),
        0,
        NOTE_BYTES,
        slot * NOTE_BYTES,
      );
    } catch {
      // a full disk: this command runs unguarded
    }
  }
}
