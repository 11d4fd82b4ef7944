import { within } from "./deadline.ts";
import { freePorts } from "./free_ports.ts";

/**
 * The embedded broker as a process of the test's own, with its data in a directory of its own.
 *
 * It may be stopped, killed and started again; url and data stay the same.
 */
export class EmbeddedBroker implements AsyncDisposable {
  readonly url: string;
  readonly #dir: string;
  readonly #command: string[];
  #process: Deno.ChildProcess | undefined;

  private constructor(port: number, dir: string, command: string[]) {
    this.url = `amqp://guest:guest@127.0.0.1:${port}/`;
    this.#dir = dir;
    this.#command = [...command, "--port", `${port}`, "--data", dir];
  }

  /** Starts the command, for example `dist/worktool broker`; resolves when it has told its URL. */
  static async start(command: string, options: string[] = []): Promise<EmbeddedBroker> {
    const [port] = await freePorts(1);
    const dir = await Deno.makeTempDir({ prefix: "worktool-broker-" });
    const broker = new EmbeddedBroker(port!, dir, [...command.split(" "), ...options]);
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
    const [executable, ...args] = this.#command;
    const process = new Deno.Command(executable!, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#process = process;
    const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let printed = "";
    while (!printed.includes("\n")) {
      const { value, done } = await within(output.read(), "the broker's URL");
      if (done) throw new Error(`${this.#command.join(" ")} ended without telling its URL`);
      printed += value;
    }
    void (async () => { // what it says later must not fill the pipe
      while (!(await output.read()).done);
    })();
  }

  /** Stops the broker in order. @returns its exit code */
  async stop(): Promise<number> {
    return await this.#end("SIGTERM");
  }

  /** Kills the broker at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends the broker and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#dir, { recursive: true });
  }

  async #end(signal: Deno.Signal): Promise<number> {
    const process = this.#process;
    if (!process) return 0;
    this.#process = undefined;
    try {
      process.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it had exited already
    }
    return (await within(process.status, "the broker to end")).code;
  }
}
