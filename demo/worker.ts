import { Executable } from "./executable.ts";

/** One task as a worker did it; the times are milliseconds since the epoch. */
export interface Span {
  readonly worker: string;
  readonly body: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** One object of `worktool work --json`, as far as the demo reads it. */
interface WorkEvent {
  readonly event: string;
  readonly at: string;
  readonly deliveryTag?: number;
  readonly body?: string;
}

/** A running `worktool work --json`; whoever started it disposes of it. */
export class Worker implements AsyncDisposable {
  readonly #name: string;
  readonly #process: Deno.ChildProcess;
  readonly #onDone: (span: Span) => void;
  readonly #received = new Map<number, WorkEvent>();
  readonly #waiting = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;

  private constructor(name: string, process: Deno.ChildProcess, onDone: (span: Span) => void) {
    this.#name = name;
    this.#process = process;
    this.#onDone = onDone;
    this.#ended = this.#read();
    this.#ended.catch(() => {}); // whoever waits for this worker is told
  }

  /**
   * Starts a worker and waits until it consumes.
   *
   * @param onDone called after every task
   * @throws {CommandFailed} it ended before it consumed
   */
  static async start(
    executable: Executable,
    name: string,
    args: readonly string[],
    onDone: (span: Span) => void,
  ): Promise<Worker> {
    const process = executable.start(["work", "--name", name, ...args, "--json"]);
    const worker = new Worker(name, process, onDone);
    await Promise.race([worker.#waiting.promise, worker.#ended]);
    return worker;
  }

  /** Rejects where the worker ended by itself, so that nobody waits for it in vain. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** SIGTERM, and waits: it finishes the running task and leaves the broker in order. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#ended.catch(() => {});
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#note(JSON.parse(line));
    }
    await Executable.succeeded(this.#process);
  }

  #note(event: WorkEvent): void {
    if (event.event === "waiting") this.#waiting.resolve();
    if (event.event === "received") this.#received.set(event.deliveryTag!, event);
    if (event.event !== "done") return;
    const { body, at } = this.#received.get(event.deliveryTag!)!;
    const startMs = Date.parse(at);
    this.#onDone({ worker: this.#name, body: body!, startMs, endMs: Date.parse(event.at) });
  }
}
