import { Buffer } from "node:buffer";
import { connect } from "amqplib";
import { listening } from "./broker_process.ts";
import { events, type Exit, Worktool } from "./worktool.ts";

/** A broker, in memory unless `--data` is given, that goes wrong on purpose, told as it happens. */
export class FaultyBroker implements AsyncDisposable {
  readonly url: string;
  readonly #worktool: Worktool;

  private constructor(worktool: Worktool, url: string) {
    this.#worktool = worktool;
    this.url = url;
  }

  static async start(fault: string, flags: readonly string[] = []): Promise<FaultyBroker> {
    const memory = flags.includes("--data") ? [] : ["--memory"];
    const worktool = Worktool.start([
      ...["broker", "--port", "0", "--no-http", "--json", "--fault", fault],
      ...memory,
      ...flags.includes("--seed") ? [] : ["--seed", "7"],
      ...flags,
    ]);
    return new FaultyBroker(worktool, await listening(worktool));
  }

  /** The faults that were told so far, all of them after `stop`: `kind connection what`. */
  get made(): string[] {
    return this.#worktool.lines(/^{"event":"fault"/).map((line) => {
      const { fault, connection, what } = JSON.parse(line);
      return `${fault} ${connection} ${what}`;
    });
  }

  /** The first event of this name, past or future. */
  event(name: string): Promise<Record<string, unknown>> {
    return this.#worktool.event(name);
  }

  /** A connection of amqplib; the caller closes it, where the broker has not. */
  async connect() {
    const connection = await connect(this.url);
    connection.on("error", () => {}); // what was asked on it fails, and says why
    return connection;
  }

  /** Stops it. @returns how many faults of each kind it has made */
  async stop(): Promise<Record<string, number>> {
    this.#worktool.kill("SIGTERM");
    return events(await this.#worktool.exited, "faults-made")[0]!["made"];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worktool[Symbol.asyncDispose]();
  }
}

/** A command with a broker for itself, which goes wrong on purpose. */
export async function withFaults(
  fault: string,
  command: readonly string[],
  { flags = [], stdin = "null" }: { flags?: readonly string[]; stdin?: string } = {},
): Promise<Exit & { readonly made: Record<string, number> }> {
  const broker = ["broker", "--json", "--seed", "7", "--fault", fault, ...flags];
  const exit = await Worktool.run([...broker, "--", ...command], { stdin });
  const line = exit.stderr.split("\n").find((line) => line.startsWith('{"event":"faults-made"'));
  if (line === undefined) throw new Error(`no faults-made in:\n${exit.stderr}`);
  return { ...exit, made: JSON.parse(line).made };
}

/** The body of a task. */
export function body(text: string | number): Buffer {
  return Buffer.from(`${text}`);
}
