import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import type { ToldEvent } from "./recorder.ts";

/** How a worktool ended; 128 + N after signal N, as a shell tells it. */
export interface WorktoolExit {
  readonly code: number;
  /** What it said on standard error. */
  readonly stderr: string;
}

export interface WorktoolProcessOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Standard input; none unless given. */
  readonly input?: string;
  /** Told each object that it prints, and each other line as undefined. */
  readonly onEvent?: (event: ToldEvent) => void;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGKILL: 9, SIGTERM: 15, SIGINT: 2 };

/** This very executable as another process, with `--json`; whoever starts it disposes of it. */
export class WorktoolProcess implements AsyncDisposable {
  /** Its end, with all of its output read. */
  readonly ended: Promise<WorktoolExit>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, PromiseWithResolvers<ToldEvent>>();
  readonly #told = new Map<string, ToldEvent>();
  #stderr = "";

  constructor(args: readonly string[], { env, input, onEvent }: WorktoolProcessOptions) {
    this.#child = spawn(process.execPath, [...args, "--json"], {
      env: { ...process.env, ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      detached: true, // Ctrl-C is for the lab, which then stops its workers in order
    });
    this.#child.stdin?.on("error", () => {}); // it may end before it has read all
    this.#child.stdin?.end(input);
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => this.#stderr += text);
    const lines = createInterface({ input: this.#child.stdout! });
    lines.on("line", (line) => {
      const told: ToldEvent = JSON.parse(line);
      onEvent?.(told);
      if (!this.#told.has(told.event)) this.#told.set(told.event, told);
      this.#waiting.get(told.event)?.resolve(told);
    });
    this.ended = this.#end();
  }

  async #end(): Promise<WorktoolExit> {
    const { promise, resolve, reject } = Promise.withResolvers<WorktoolExit>();
    this.#child.once("error", reject);
    this.#child.once(
      "close",
      (code, signal) =>
        resolve({ code: code ?? 128 + (SIGNAL_NUMBERS[signal!] ?? 0), stderr: this.#stderr }),
    );
    const exit = await promise;
    for (const { reject } of this.#waiting.values()) reject(new WorktoolEnded(exit));
    return exit;
  }

  /** The first event of this name, past or future. @throws {WorktoolEnded} it ended without one */
  async event(name: string): Promise<ToldEvent> {
    const told = this.#told.get(name);
    if (told !== undefined) return told;
    let waiting = this.#waiting.get(name);
    if (waiting === undefined) {
      waiting = Promise.withResolvers<ToldEvent>();
      waiting.promise.catch(() => {}); // whoever waits for it is told
      this.#waiting.set(name, waiting);
      void this.ended.then((exit) => waiting!.reject(new WorktoolEnded(exit)), waiting.reject);
    }
    return await waiting.promise;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(signal);
  }

  /** Ends it at once, if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.kill("SIGKILL");
    await this.ended.catch(() => {});
  }
}

/** A worktool that the lab runs ended too early. */
export class WorktoolEnded extends Error {
  override readonly name = "WorktoolEnded";
  readonly exit: WorktoolExit;

  constructor(exit: WorktoolExit) {
    super(exit.stderr.trim() || `worktool ended with exit code ${exit.code}`);
    this.exit = exit;
  }
}
