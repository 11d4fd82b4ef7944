import type { Delivery } from "../../amqp/delivery.ts";
import type { Handler, HandlerContext } from "../outcome.ts";
import { CommandOutput, lineSink, type OutputSink } from "./command_output.ts";
import { CommandProcess } from "./command_process.ts";
import type { ExitRules } from "./exit_rules.ts";
import { OrphanGuard } from "./orphan_guard.ts";
import { Tail } from "./tail.ts";
import type { BodyPlace } from "./task_arguments.ts";
import { outcomeOf, type TaskEnd } from "./task_end.ts";
import {
  baseEnvironment,
  type Environment,
  taskEnvironment,
  type TaskFacts,
} from "./task_environment.ts";
import { TaskFiles } from "./task_files.ts";
import { TaskInput } from "./task_input.ts";

/** So much of the end of stderr goes into a failure. */
const STDERR_TAIL_BYTES = 2 * 1024;

export type OutputStream = "stdout" | "stderr";

/**
 * Gets what the command of a task writes: one or more whole lines; one of more than 64 KiB comes in
 * pieces. The command waits while a returned promise is pending; where it rejects, the command is
 * ended and the handler rejects with the same.
 */
export type OnOutput = (
  task: TaskFacts,
  stream: OutputStream,
  lines: Uint8Array,
) => void | Promise<void>;

/** Where a command's output goes. */
export type CommandOutputMode =
  /** To worktool's own stdout and stderr, as it comes. */
  | { readonly mode: "inherit" }
  | {
    readonly mode: "prefix";
    readonly onOutput: OnOutput;
    /**
     * Whether lines of other commands, or of worktool, come between those of one stream: by
     * default.
     */
    readonly mixed?: (stream: OutputStream) => boolean;
  }
  /** Nowhere; the end of stderr is kept for failures. */
  | { readonly mode: "discard" };

export interface CommandOptions {
  /** The command: a path, or a name to look for in PATH; no shell is involved. */
  readonly file: string;
  /** `{}` in them is replaced by the body. */
  readonly args: readonly string[];
  readonly queue: string;
  /** Of worktool itself. */
  readonly environment: Environment;
  readonly bodyPlace: BodyPlace;
  readonly exitRules: ExitRules;
  /** How long one task may take; by default as long as it likes. */
  readonly timeoutMs?: number;
  /** From SIGTERM to SIGKILL, after a timeout or an abort. */
  readonly killAfterMs: number;
  readonly output: CommandOutputMode;
}

/**
 * Runs a command for each task, any number of them at a time.
 *
 * Its owner closes it when no task runs any more: then nothing of it is left, neither process nor
 * file.
 */
export class CommandRunner implements AsyncDisposable {
  readonly #options: CommandOptions;
  readonly #environment: Environment;
  readonly #files = new TaskFiles();
  readonly #running = new Set<CommandProcess>();
  /** Started with the first command; null where there cannot be one. */
  #guard: OrphanGuard | null | undefined;

  constructor(options: CommandOptions) {
    this.#options = options;
    this.#environment = baseEnvironment(options.environment, options.queue);
  }

  /**
   * The `Handler`. When `abort` fires, the command's group gets SIGTERM, and SIGKILL after
   * `killAfterMs`; it rejects with the reason of `abort` once the command is gone.
   */
  readonly handle: Handler = async (delivery, context) => {
    context.abort.throwIfAborted();
    const { args, bodyPlace: place, exitRules } = this.#options;
    const input = TaskInput.open(this.#files, args, { body: delivery.body, place });
    if (!(input instanceof TaskInput)) return outcomeOf(exitRules, input);
    using _ = input;
    const tail = new Tail(STDERR_TAIL_BYTES);
    const end = await this.#run(delivery, context, { input, tail });
    return outcomeOf(exitRules, end, tail.text());
  };

  /** SIGKILL to every command that runs, and to what it started, before it returns. */
  killAll(): void {
    for (const command of this.#running) command.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll(); // its owner has waited for the tasks; but nothing must ever be left
    await Promise.all([...this.#running].map(({ ended }) => ended));
    const guard = this.#guard;
    this.#guard = null;
    await guard?.[Symbol.asyncDispose]();
    this.#files[Symbol.dispose]();
  }

  async #run(
    delivery: Delivery,
    { attempt, abort }: HandlerContext,
    { input, tail }: { readonly input: TaskInput; readonly tail: Tail },
  ): Promise<TaskEnd> {
    const { timeoutMs, killAfterMs } = this.#options;
    const facts: TaskFacts = {
      delivery,
      attempt,
      ...(timeoutMs === undefined ? {} : { deadlineMs: Date.now() + timeoutMs }),
    };
    const command = this.#start(input, facts);
    const outputs = this.#outputs(command, facts, tail);
    for (const { ended } of outputs) ended.catch(() => command.terminate(killAfterMs));
    let timedOut = false;
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
      timedOut = true;
      command.terminate(killAfterMs);
    }, timeoutMs);
    const aborted = Promise.withResolvers<void>();
    const onAbort = () => {
      command.terminate(killAfterMs);
      aborted.resolve();
    };
    abort.addEventListener("abort", onAbort, { once: true });
    try {
      const end = await command.ended;
      clearTimeout(timer);
      for (const output of outputs) output.finish();
      await Promise.race([Promise.all(outputs.map(({ ended }) => ended)), aborted.promise]);
      abort.throwIfAborted();
      const ran = end.kind === "exited" || end.kind === "signalled";
      return ran && timedOut ? { kind: "timedOut", timeoutMs: timeoutMs!, process: end } : end;
    } finally {
      this.#running.delete(command);
      abort.removeEventListener("abort", onAbort);
      for (const output of outputs) output.abandon();
    }
  }

  #start(input: TaskInput, facts: TaskFacts): CommandProcess {
    const { file, output: { mode } } = this.#options;
    if (this.#guard === undefined) this.#guard = OrphanGuard.start(this.#files);
    const command = new CommandProcess(file, {
      args: input.args,
      environment: taskEnvironment(this.#environment, facts),
      stdin: input.stdin,
      stdout: mode === "prefix" ? "pipe" : mode === "inherit" ? "inherit" : "ignore",
      stderr: mode === "inherit" ? "inherit" : "pipe",
      guard: this.#guard,
    });
    this.#running.add(command);
    command.stdin?.on("error", () => {}); // closed without being read: as the command likes
    command.stdin?.end(facts.delivery.body);
    return command;
  }

  #outputs({ stdout, stderr }: CommandProcess, facts: TaskFacts, tail: Tail): CommandOutput[] {
    const { output } = this.#options;
    const linesOf = (stream: OutputStream) =>
      output.mode === "prefix"
        ? lineSink((lines) => output.onOutput(facts, stream, lines), {
          mixed: output.mixed?.(stream) ?? true,
        })
        : undefined;
    const stderrLines = linesOf("stderr");
    const stderrSink: OutputSink = {
      chunk(bytes) {
        tail.push(bytes);
        return stderrLines?.chunk(bytes);
      },
      end: () => stderrLines?.end?.(),
    };
    const outputs: CommandOutput[] = [];
    const stdoutLines = linesOf("stdout");
    if (stdout && stdoutLines) outputs.push(new CommandOutput(stdout, stdoutLines));
    if (stderr) outputs.push(new CommandOutput(stderr, stderrSink));
    return outputs;
  }
}
