import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorktoolProcess } from "./worktool_process.ts";

/** The broker that an experiment runs on. */
export interface LabBroker extends AsyncDisposable {
  readonly url: string;
  /** Whether {@linkcode restart} can be asked for. */
  readonly canRestart: boolean;
  /** Whether the flags of `worktool broker` are the lab's to choose. */
  readonly isOwn: boolean;
  /** Ends the broker and starts it again; `onStarted` is told when it was told to start. */
  restart(how: RestartKind): Promise<void>;
}

/** In order, or as a crash would: `kill -9`. What a given broker does is up to its command. */
export type RestartKind = "stop" | "crash";

export interface OwnBrokerOptions {
  /** Flags of `worktool broker`. */
  readonly flags: readonly string[];
}

/** An embedded broker for one experiment, with its data in a directory that goes with it. */
export class OwnBroker implements LabBroker {
  readonly canRestart = true;
  readonly isOwn = true;
  readonly url: string;
  readonly #flags: readonly string[];
  readonly #directory: string;
  #process: WorktoolProcess;

  private constructor(
    url: string,
    directory: string,
    flags: readonly string[],
    process: WorktoolProcess,
  ) {
    this.url = url;
    this.#directory = directory;
    this.#flags = flags;
    this.#process = process;
  }

  static async start({ flags }: OwnBrokerOptions): Promise<OwnBroker> {
    const directory = await mkdtemp(join(tmpdir(), "worktool-lab-"));
    const process = launch(directory, 0, flags);
    try {
      const { url } = await process.event("listening") as unknown as { url: string };
      return new OwnBroker(url, directory, flags, process);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
      throw error;
    }
  }

  async restart(how: RestartKind): Promise<void> {
    this.#process.kill(how === "stop" ? "SIGTERM" : "SIGKILL");
    await this.#process.ended;
    this.#process = launch(this.#directory, Number(new URL(this.url).port), this.#flags);
    await this.#process.event("listening");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true });
  }
}

function launch(directory: string, port: number, flags: readonly string[]): WorktoolProcess {
  const args = ["broker", "--port", `${port}`, "--data", directory, ...flags];
  return new WorktoolProcess(args, { env: {} });
}

/** The broker that the user named; it is not the lab's to end. */
export class GivenBroker implements LabBroker {
  readonly isOwn = false;
  readonly url: string;
  readonly #restartCommand: string | undefined;

  /** @param restartCommand for the shell; when it returns, the broker was restarted */
  constructor(url: string, restartCommand: string | undefined) {
    this.url = url;
    this.#restartCommand = restartCommand;
  }

  get canRestart(): boolean {
    return this.#restartCommand !== undefined;
  }

  /** @throws {RestartFailed} */
  async restart(): Promise<void> {
    const command = this.#restartCommand!;
    const shell = spawn("sh", ["-c", command], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    shell.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    const [code] = await once(shell, "close");
    if (code !== 0) throw new RestartFailed(command, stderr.trim() || `exit code ${code}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export class RestartFailed extends Error {
  override readonly name = "RestartFailed";

  constructor(command: string, reason: string) {
    super(`the restart command failed: ${command}: ${reason}`);
  }
}
