import { connect } from "amqplib";
import { type Exit, Worktool } from "./worktool.ts";

/** One life of a broker: from its start on a data directory to its end, whatever ends it. */
export class BrokerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #worktool: Worktool;

  private constructor(worktool: Worktool, url: string) {
    this.#worktool = worktool;
    this.url = url;
  }

  /** Starts a broker on a free port; resolves when it serves. */
  static async start(directory: string, options: readonly string[] = []): Promise<BrokerProcess> {
    const worktool = BrokerProcess.launch(directory, options);
    try {
      const line = await worktool.line(/^amqp:/);
      return new BrokerProcess(worktool, line.replace("amqp://", "amqp://guest:guest@"));
    } catch (error) {
      await worktool[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts a broker and does not wait for it. */
  static launch(directory: string, options: readonly string[] = []): Worktool {
    const http = options.includes("--http") ? [] : ["--no-http"];
    return Worktool.start(["broker", "--port", "0", ...http, "--data", directory, ...options]);
  }

  get exited(): Promise<Exit> {
    return this.#worktool.exited;
  }

  /** The first line of its log, past or future, that matches. */
  logged(pattern: RegExp): Promise<string> {
    return this.#worktool.line(pattern);
  }

  /** A connection of amqplib; the caller closes it, unless the broker is killed. */
  async connect() {
    const connection = await connect(this.url, { noDelay: true });
    connection.on("error", () => {}); // what was asked on it fails, and says why
    return connection;
  }

  /** The most memory it ever had resident, in octets. */
  async peakMemoryBytes(): Promise<number> {
    const status = await Deno.readTextFile(`/proc/${this.#worktool.pid}/status`);
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  /** Ends it as a crash would, now; {@linkcode exited} tells when it is gone. */
  kill(): void {
    this.#worktool.kill("SIGKILL");
  }

  /** Stops it in order. */
  async stop(): Promise<Exit> {
    this.#worktool.kill("SIGTERM");
    return await this.#worktool.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worktool[Symbol.asyncDispose]();
  }
}
