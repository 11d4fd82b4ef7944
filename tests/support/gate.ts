import { join } from "node:path";

/**
 * Holds commands up until the test lets them go: `read _ < PATH` in a shell waits for an `open`.
 *
 * A named pipe: nothing polls, and nobody has to be there first.
 */
export class Gate implements AsyncDisposable {
  readonly path: string;
  readonly #directory: string;
  readonly #pipe: Deno.FsFile;

  private constructor(directory: string, path: string, pipe: Deno.FsFile) {
    this.#directory = directory;
    this.path = path;
    this.#pipe = pipe;
  }

  static async make(): Promise<Gate> {
    const directory = await Deno.makeTempDir({ prefix: "worktool-gate-" });
    const path = join(directory, "gate");
    await new Deno.Command("mkfifo", { args: [path] }).output();
    // Opened for both, so that neither we nor a command waits for the other end.
    return new Gate(directory, path, await Deno.open(path, { read: true, write: true }));
  }

  /** Lets so many waiting commands go, or those that will come. */
  async open(count = 1): Promise<void> {
    await this.#pipe.write(new TextEncoder().encode("\n".repeat(count)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pipe.close();
    await Deno.remove(this.#directory, { recursive: true });
  }
}
