import { memoryOf, type ProcessMemory } from "../process_memory.ts";
import { printedUrl } from "./printed_url.ts";

/** A broker that has not told its URL by then never will, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

/** `worktool broker` as a process with a data directory of its own; both go with it. */
export class EmbeddedBroker implements AsyncDisposable {
  readonly #worktool: string;
  readonly #flags: readonly string[];
  readonly directory: string;
  #process: Deno.ChildProcess | undefined;
  #url = "";

  private constructor(worktool: string, directory: string, flags: readonly string[]) {
    this.#worktool = worktool;
    this.#flags = flags;
    this.directory = directory;
  }

  /**
   * Starts one with an empty data directory.
   * @param worktool the built executable
   * @param flags more of `worktool broker`
   */
  static async start(worktool: string, flags: readonly string[] = []): Promise<EmbeddedBroker> {
    const broker = new EmbeddedBroker(
      worktool,
      await Deno.makeTempDir({ prefix: "worktool-bench-" }),
      flags,
    );
    try {
      await broker.start();
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
    return broker;
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#process!.pid;
  }

  /** Starts it; resolves when it has printed its URL. */
  async start(): Promise<void> {
    const process = new Deno.Command(this.#worktool, {
      args: ["broker", "--port", "0", "--data", this.directory, ...this.#flags],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#process = process;
    const url = await printedUrl(process, START_TIMEOUT_MS);
    if (url === undefined) throw new Error("worktool broker ended without telling its URL");
    this.#url = url;
  }

  /** Stops it in order; its data stay. */
  async stop(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) return;
    try {
      process.kill("SIGTERM");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it had ended already
    }
    await process.status;
  }

  /** Its memory. @throws {Error} when it has ended */
  async memory(): Promise<ProcessMemory> {
    const memory = await memoryOf(this.pid);
    if (memory === undefined) throw new Error("worktool broker has ended");
    return memory;
  }

  /** What its files hold, in octets. */
  async diskBytes(): Promise<number> {
    let octets = 0;
    for await (const { name } of Deno.readDir(this.directory)) {
      octets += (await Deno.stat(`${this.directory}/${name}`)).size;
    }
    return octets;
  }

  /** Files and sockets it has open. */
  async descriptors(): Promise<number> {
    return (await Array.fromAsync(Deno.readDir(`/proc/${this.pid}/fd`))).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.directory, { recursive: true });
  }
}
