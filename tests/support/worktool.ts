import { within } from "./deadline.ts";
import { TextLineStream } from "./text_lines.ts";

/** The compiled executable: what every test of the command line runs. */
export const EXECUTABLE = new URL("../../dist/worktool", import.meta.url).pathname;

export interface Exit {
  /** Exit status; 128 + N after signal N, as a shell tells it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly stdin?: "null" | Uint8Array | string | ReadableStream<Uint8Array>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** False for a pipe that nobody reads before worktool has ended. */
  readonly readsOutput?: boolean;
  /** In place of the compiled executable: a command that runs it. */
  readonly command?: readonly string[];
}

/** A running worktool whose output can be waited for. */
export class Worktool implements AsyncDisposable {
  readonly pid: number;
  readonly #exit: Promise<Exit>;
  readonly #process: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #text = { stdout: "", stderr: "" };
  readonly #commandLine: string;
  /** Aborted when the process has ended: nobody reads its input any more. */
  readonly #gone = new AbortController();
  #ended = false;
  #waiting: (() => void)[] = [];

  private constructor(args: readonly string[], options: StartOptions) {
    const { stdin = "null", env = {}, cwd, command = [EXECUTABLE] } = options;
    const [program, ...first] = command as [string, ...string[]];
    this.#commandLine = `worktool ${args.join(" ")}`;
    this.#process = new Deno.Command(program, {
      args: [...first, ...args],
      env: { NO_COLOR: "1", ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdin: stdin === "null" ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#process.pid;
    const fed = stdin === "null" ? undefined : this.#feed(stdin);
    this.#exit = this.#run(fed, options.readsOutput ?? true);
  }

  static start(args: readonly string[], options: StartOptions = {}): Worktool {
    return new Worktool(args, options);
  }

  /** Runs to the end. */
  static async run(args: readonly string[], options: StartOptions = {}): Promise<Exit> {
    await using worktool = Worktool.start(args, options);
    return await worktool.exited;
  }

  /** Its end, waited for. */
  get exited(): Promise<Exit> {
    return within(this.#exit, () => this.#describe("to end"));
  }

  /** Whether it has ended, and all of its output is here. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** The first line of either stream, past or future, that matches. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const [first] = this.lines(pattern);
      if (first !== undefined) return first;
      if (this.#ended) throw new Error(this.#describe(`ended without a line like ${pattern}`));
      await within(this.#changed(), () => this.#describe(`to print a line like ${pattern}`));
    }
  }

  /** The lines so far, of both streams, that match. */
  lines(pattern: RegExp): string[] {
    return this.#lines.filter((line) => pattern.test(line));
  }

  /** The last line so far that matches. */
  lastLine(pattern: RegExp): string | undefined {
    return this.#lines.findLast((line) => pattern.test(line));
  }

  /** Waits until several of them together have printed so many lines that match. */
  static async linesOfAll(all: Worktool[], pattern: RegExp, count: number): Promise<void> {
    for (;;) {
      const printed = all.reduce((sum, one) => sum + one.lines(pattern).length, 0);
      if (printed >= count) return;
      const ended = all.every((one) => one.#ended) && all[0];
      if (ended) throw new Error(ended.#describe(`ended with ${printed} of ${count} ${pattern}`));
      const changed = Promise.race(all.map((one) => one.#changed()));
      await within(changed, () => `${count} lines like ${pattern}, there are ${printed}`);
    }
  }

  /** Resolves when it has printed so many lines that match. */
  async printed(count: number, pattern: RegExp): Promise<string[]> {
    await Worktool.linesOfAll([this], pattern, count);
    return this.lines(pattern);
  }

  /** The first JSON event of this name. */
  async event(name: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.line(new RegExp(`^{"event":"${name}"`)));
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /**
   * Sends a second signal, again and again until it ends: what comes soon after the first one is
   * taken for the same request.
   */
  async killAgain(signal: Deno.Signal): Promise<Exit> {
    const again = setInterval(() => {
      try {
        this.#process.kill(signal);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended, its output is still read
      }
    }, 100);
    try {
      return await this.exited;
    } finally {
      clearInterval(again);
    }
  }

  /** Stops it where the test did not wait for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#process.kill("SIGKILL");
    await this.#exit;
  }

  async #run(fed: Promise<void> | undefined, readsOutput: boolean): Promise<Exit> {
    const ended = this.#process.status;
    void ended.then(() => this.#gone.abort());
    const [status] = await Promise.all([
      ended,
      readsOutput ? this.#collect("stdout") : ended.then(() => this.#collect("stdout")),
      this.#collect("stderr"),
      fed,
    ]);
    this.#ended = true;
    this.#wake();
    return { code: status.code, ...this.#text };
  }

  async #collect(stream: "stdout" | "stderr"): Promise<void> {
    const lines = this.#process[stream]
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      this.#text[stream] += line;
      this.#lines.push(line.replace(/\n$/, ""));
      this.#wake();
    }
  }

  async #feed(input: Uint8Array | string | ReadableStream<Uint8Array>): Promise<void> {
    const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
    const stream = bytes instanceof ReadableStream ? bytes : ReadableStream.from([bytes]);
    try {
      await stream.pipeTo(this.#process.stdin, { signal: this.#gone.signal });
    } catch {
      // It ended without reading all of it: the test looks at the exit code.
    }
  }

  #changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #describe(problem: string): string {
    return `${this.#commandLine} ${problem}\n--- stdout\n${this.#text.stdout}\n--- stderr\n${this.#text.stderr}`;
  }
}

/** The JSON objects of a run's stdout, or those of one event. */
// deno-lint-ignore no-explicit-any -- a test asserts what it reads
export function events(exit: Exit, name?: string): Record<string, any>[] {
  const lines = exit.stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line)).filter(({ event }) => event === (name ?? event));
}

/** What happened, by the names of the events; when tasks are delivered is up to the broker. */
export function story(exit: Exit): string[] {
  return events(exit).map(({ event }) => event).filter((event) => event !== "delivered");
}
