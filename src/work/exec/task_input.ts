import { closeSync } from "node:fs";
import { type BodyPlace, taskArguments } from "./task_arguments.ts";
import type { SpawnFailure } from "./task_end.ts";
import type { NamedFile, TaskFiles } from "./task_files.ts";

/** What one task's command is started with; closed when the task is over. */
export class TaskInput implements Disposable {
  readonly args: readonly string[];
  /** A descriptor to read from; "pipe" to be fed by us; "ignore" for an empty one. */
  readonly stdin: number | "pipe" | "ignore";
  readonly #file: NamedFile | undefined;

  private constructor(args: readonly string[], stdin: TaskInput["stdin"], file?: NamedFile) {
    this.args = args;
    this.stdin = stdin;
    this.#file = file;
  }

  /**
   * Puts the body where the command looks for it.
   *
   * @param given the arguments of the command; `{}` in them stands for the body
   */
  static open(
    files: TaskFiles,
    given: readonly string[],
    { body, place }: { readonly body: Uint8Array; readonly place: BodyPlace },
  ): TaskInput | SpawnFailure {
    let file: NamedFile | undefined;
    try {
      if (place === "file") file = files.named(body);
    } catch (error) {
      const { message } = error as NodeJS.ErrnoException;
      return { kind: "exhausted", reason: `cannot write the body to a file: ${message}` };
    }
    const { args, unfit } = taskArguments(given, { body, place, path: file?.path });
    if (unfit !== undefined) {
      file?.[Symbol.dispose]();
      return { kind: "unfit", reason: unfit };
    }
    const stdin = place === "stdin" && body.byteLength > 0 ? readableBody(files, body) : "ignore";
    return new TaskInput(args, stdin, file);
  }

  [Symbol.dispose](): void {
    if (typeof this.stdin === "number") closeSync(this.stdin);
    this.#file?.[Symbol.dispose]();
  }
}

/**
 * A file for stdin, as `command < file` has it: the whole body is there at once, a command that
 * does not read it disturbs no one, and /dev/stdin can be opened, which fails on the sockets that
 * the runtime makes as pipes. Where no file can be written (a read-only system), it is such a pipe.
 */
function readableBody(files: TaskFiles, body: Uint8Array): number | "pipe" {
  try {
    return files.unnamed(body);
  } catch {
    return "pipe";
  }
}
