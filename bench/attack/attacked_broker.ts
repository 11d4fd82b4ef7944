import { printedUrl } from "../broker/printed_url.ts";
import type { Target } from "./attack.ts";

/** A broker that has not told its URL by then is taken for hanging, in milliseconds. */
const START_TIMEOUT_MS = 30_000;
/** An orderly stop that takes longer is ended by SIGKILL, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000;

/** The attacks are those that RabbitMQ 3.10 takes: later releases refuse some before they begin. */
const RELEASE = "3.10";

/** The end of a broker that should have started or gone on. */
export class BrokerEnded extends Error {
  override readonly name = "BrokerEnded";

  constructor(readonly code: number, readonly log: string) {
    super(`the broker exited ${code}: ${log.slice(-300)}`);
  }
}

/** One life of `worktool broker` on a data directory that belongs to somebody else. */
export class AttackedBroker implements AsyncDisposable, Target {
  readonly url: string;
  readonly #process: Deno.ChildProcess;
  readonly #logFile: string;
  #status: Deno.CommandStatus | undefined;

  private constructor(process: Deno.ChildProcess, url: string, logFile: string) {
    this.#process = process;
    this.#logFile = logFile;
    this.url = url.replace("amqp://", "amqp://guest:guest@");
    void process.status.then((status) => this.#status = status);
  }

  /**
   * Starts one; resolves when it has printed its URL.
   * @throws {BrokerEnded} it did not start.
   */
  static async start(
    executable: string,
    directory: string,
    flags: readonly string[] = [],
  ): Promise<AttackedBroker> {
    const logFile = `${directory}.log`;
    // A file takes the log: a pipe that nobody reads would block the broker.
    // No umask: what only its owner may read, the broker has to say itself.
    const command =
      `umask 000; exec "$0" broker --port 0 --like ${RELEASE} --data "$1" "\${@:3}" 2>"$2"`;
    const process = new Deno.Command("/bin/bash", {
      args: ["-c", command, executable, directory, logFile, ...flags],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const url = await printedUrl(process, START_TIMEOUT_MS);
    if (url !== undefined) return new AttackedBroker(process, url, logFile);
    const { code } = await process.status;
    throw new BrokerEnded(code, await Deno.readTextFile(logFile));
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Its exit code, once it has ended. */
  get exitCode(): number | undefined {
    return this.#status?.code;
  }

  /** Resolves with its exit code when it has ended. */
  get ended(): Promise<number> {
    return this.#process.status.then(({ code }) => code);
  }

  /** What it has logged. */
  async log(): Promise<string> {
    return await Deno.readTextFile(this.#logFile);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#process.status;
  }

  /** Asks it to stop, and waits until it has. @returns how long that took, in milliseconds */
  async stop(): Promise<number> {
    const from = performance.now();
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), STOP_TIMEOUT_MS);
    await this.#process.status;
    clearTimeout(timer);
    return performance.now() - from;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#logFile);
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it had ended already
    }
  }
}
