import { BrokerProcess } from "./broker_process.ts";
import { freePorts } from "./free_ports.ts";

/**
 * The embedded broker of a test's own, with its data in a directory of its own.
 *
 * It may be stopped, killed and started again; url and data stay the same.
 */
export class EmbeddedBroker implements AsyncDisposable {
  readonly url: string;
  readonly #directory: string;
  readonly #options: readonly string[];
  #process: BrokerProcess | undefined;

  private constructor(port: number, directory: string, options: readonly string[]) {
    this.url = `amqp://guest:guest@127.0.0.1:${port}/`;
    this.#directory = directory;
    this.#options = ["--port", `${port}`, ...options];
  }

  /** Starts `worktool broker` with these flags; resolves when it serves. */
  static async start(options: readonly string[] = []): Promise<EmbeddedBroker> {
    const [port] = await freePorts(1);
    const directory = await Deno.makeTempDir({ prefix: "worktool-broker-" });
    const broker = new EmbeddedBroker(port!, directory, options);
    try {
      await broker.start();
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
    return broker;
  }

  /** Starts the broker again after {@linkcode stop} or {@linkcode kill}. */
  async start(): Promise<void> {
    this.#process = await BrokerProcess.start(this.#directory, this.#options);
  }

  /** Stops the broker in order. @returns its exit code */
  async stop(): Promise<number> {
    const process = this.#take();
    return process === undefined ? 0 : (await process.stop()).code;
  }

  /** Kills the broker at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#take()?.[Symbol.asyncDispose]();
  }

  /** Ends the broker and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#directory, { recursive: true });
  }

  #take(): BrokerProcess | undefined {
    const process = this.#process;
    this.#process = undefined;
    return process;
  }
}
