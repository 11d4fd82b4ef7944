import assert from "node:assert/strict";
import { eventually } from "../support/deadline.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { Worktool } from "../support/worktool.ts";

export interface CrewOptions {
  readonly workers: number;
  readonly queue: string;
  /** Flags of `worktool work`. */
  readonly flags: readonly string[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Some workers of one queue, each with its own way to the broker that can be disturbed. */
export class Crew implements AsyncDisposable {
  readonly #options: CrewOptions;
  readonly #proxies: TcpProxy[];
  readonly #workers: Worktool[] = [];
  /** What those said that were killed, or have stopped: for `WORKTOOL_CHAOS_LOG`. */
  readonly #former: { readonly name: string; readonly stdout: string; readonly stderr: string }[] =
    [];

  private constructor(options: CrewOptions, proxies: TcpProxy[]) {
    this.#options = options;
    this.#proxies = proxies;
  }

  /** Starts all; resolves when all consume. */
  static async start(url: string, options: CrewOptions): Promise<Crew> {
    const proxies = Array.from({ length: options.workers }, () => TcpProxy.start(url));
    const crew = new Crew(options, await Promise.all(proxies));
    try {
      await crew.startAll();
    } catch (error) {
      await crew[Symbol.asyncDispose]();
      throw error;
    }
    return crew;
  }

  async startAll(): Promise<void> {
    for (let n = 0; n < this.#options.workers; n++) this.#workers[n] = this.#start(n);
    await Promise.all(this.#workers.map((worker) => worker.event("waiting")));
  }

  /** `kill -9`, and a new one in its place. */
  async kill(n: number): Promise<void> {
    const worker = this.#workers[n]!;
    worker.kill("SIGKILL");
    await this.#ended(n, worker);
    this.#workers[n] = this.#start(n);
  }

  cut(n: number): void {
    this.#proxies[n]!.cut();
  }

  cutAll(): void {
    for (const proxy of this.#proxies) proxy.cut();
  }

  silence(n: number): void {
    this.#proxies[n]!.silence();
  }

  /** Resolves when all have noticed that their connection was silent, and so has the broker. */
  async heardOfSilence(): Promise<void> {
    const halfOpen = () => this.#proxies.reduce((sum, proxy) => sum + proxy.halfOpen, 0);
    await eventually(
      () => `silent connections to be noticed: ${halfOpen()} ends are open`,
      () => Promise.resolve(halfOpen() === 0),
    );
  }

  /** Stops all in order. @throws where one does not end with 0 */
  async stop(): Promise<void> {
    for (const worker of this.#workers) worker.kill("SIGTERM");
    const codes = await Promise.all(this.#workers.map((worker, n) => this.#ended(n, worker)));
    this.#workers.length = 0;
    assert.deepEqual(codes, codes.map(() => 0), "a worker did not stop in order");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [n, worker] of this.#workers.entries()) {
      await worker[Symbol.asyncDispose]();
      await this.#ended(n, worker);
    }
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
    const dir = Deno.env.get("WORKTOOL_CHAOS_LOG");
    if (dir === undefined) return;
    await Deno.mkdir(dir, { recursive: true });
    for (const [n, { name, stdout, stderr }] of this.#former.entries()) {
      await Deno.writeTextFile(`${dir}/${this.#options.queue}.${n}.${name}`, stdout + stderr);
    }
  }

  #start(n: number): Worktool {
    const { queue, flags, command, env } = this.#options;
    return Worktool.start([
      ...[
        "work",
        "--url",
        this.#proxies[n]!.url,
        "--queue",
        queue,
        "--name",
        `C${n + 1}`,
        "--json",
      ],
      // The first connection of one that is started again may meet a fault too.
      ...["--wait", "3m", "--heartbeat", "1s", "--reconnect-delay", "20ms..500ms"],
      ...[...flags, "--", ...command],
    ], { env });
  }

  async #ended(n: number, worker: Worktool): Promise<number> {
    const { code, stdout, stderr } = await worker.exited;
    this.#former.push({ name: `C${n + 1}`, stdout, stderr });
    return code;
  }
}
