import { connect } from "amqplib";
import { type Exit, type StartOptions, Worktool } from "./worktool.ts";

/** One life of a broker: from its start on a data directory to its end, whatever ends it. */
export class BrokerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #worktool: Worktool;

  private constructor(worktool: Worktool, url: string) {
    this.#worktool = worktool;
    this.url = url;
  }

  /** Starts a broker on a free port; resolves when it serves. */
  static async start(
    directory: string,
    options: readonly string[] = [],
    process: StartOptions = {},
  ): Promise<BrokerProcess> {
    const worktool = launch(["--data", directory, ...options], process);
    return new BrokerProcess(worktool, await listening(worktool));
  }

  /** The same, with nothing on disk. */
  static async startInMemory(
    options: readonly string[] = [],
    process: StartOptions = {},
  ): Promise<BrokerProcess> {
    const worktool = launch(["--memory", ...options], process);
    return new BrokerProcess(worktool, await listening(worktool));
  }

  /** Starts a broker and does not wait for it. */
  static launch(directory: string): Worktool {
    return launch(["--data", directory]);
  }

  get exited(): Promise<Exit> {
    return this.#worktool.exited;
  }

  /** The first line of its log, past or future, that matches. */
  logged(pattern: RegExp): Promise<string> {
    return this.#worktool.line(pattern);
  }

  /** Where the management API is that it was started with `--http` for, with a slash at its end. */
  async management(): Promise<string> {
    const [url] = /http:\S+/.exec(await this.logged(/^management HTTP API at/))!;
    return url;
  }

  /** A connection of amqplib; the caller closes it, unless the broker is killed. */
  async connect() {
    const connection = await connect(this.url, { noDelay: true });
    connection.on("error", () => {}); // what was asked on it fails, and says why
    return connection;
  }

  get pid(): number {
    return this.#worktool.pid;
  }

  get openFiles(): number {
    return [...Deno.readDirSync(`/proc/${this.pid}/fd`)].length;
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

function launch(flags: readonly string[], process: StartOptions = {}): Worktool {
  const http = flags.includes("--http") ? [] : ["--no-http"];
  return Worktool.start(["broker", "--port", "0", ...http, ...flags], process);
}

/** Waits until a `worktool broker` serves, and ends it where it does not. @returns guest's URL */
export async function listening(broker: Worktool): Promise<string> {
  try {
    const line = await broker.line(/^amqp:|^{"event":"listening"/);
    const url: string = line.startsWith("{") ? JSON.parse(line).url : line;
    return url.replace("amqp://", "amqp://guest:guest@");
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
}
