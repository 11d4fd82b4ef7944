import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Guard } from "./guard.ts";
import { WorktoolProcess } from "./worktool_process.ts";

/** The broker that an experiment runs on. */
export interface LabBroker extends AsyncDisposable {
  readonly url: string;
  /** Ends the broker and starts it again. @throws {RestartFailed} */
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
  readonly #flags: readonly string[];
  readonly #directory: string;
  #url = "";
  #process: WorktoolProcess;
  #guard: Guard;

  private constructor(directory: string, flags: readonly string[]) {
    this.#directory = directory;
    this.#flags = flags;
    this.#process = this.#launch(0);
    this.#guard = new Guard(this.#process.pid, { directory });
  }

  static async start({ flags }: OwnBrokerOptions): Promise<OwnBroker> {
    const broker = new OwnBroker(await mkdtemp(join(tmpdir(), "worktool-lab-")), flags);
    try {
      const listening = await broker.#process.event("listening");
      broker.#url = (listening as unknown as { url: string }).url;
      return broker;
    } catch (error) {
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return this.#url;
  }

  async restart(how: RestartKind): Promise<void> {
    this.#process.kill(how === "stop" ? "SIGTERM" : "SIGKILL");
    await this.#process.ended;
    this.#guard[Symbol.dispose](); // the directory stays
    this.#process = this.#launch(Number(new URL(this.#url).port));
    this.#guard = new Guard(this.#process.pid, { directory: this.#directory });
    await this.#process.event("listening");
  }

  #launch(port: number): WorktoolProcess {
    const place = ["--port", `${port}`, "--no-http", "--data", this.#directory];
    const args = ["broker", ...place, ...this.#flags];
    return new WorktoolProcess(args, { env: {} });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    this.#guard[Symbol.dispose]();
    await rm(this.#directory, { recursive: true });
  }
}

/** The broker that the user named; it is not the lab's to end. */
export class GivenBroker implements LabBroker {
  readonly url: string;
  readonly #restartCommand: string | undefined;

  /** @param restartCommand for the shell; when it returns, the broker was restarted */
  constructor(url: string, restartCommand: string | undefined) {
    this.url = url;
    this.#restartCommand = restartCommand;
  }

  /** @throws {RestartFailed} */
  async restart(): Promise<void> {
    const command = this.#restartCommand!;
    const shell = spawn("sh", ["-c", command], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    shell.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    const [code] = await once(shell, "close");
    if (code !== 0) throw new RestartFailed(`${command}: ${stderr.trim() || `exit code ${code}`}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** The command that restarts the broker ended with another status than 0. */
export class RestartFailed extends Error {
  override readonly name = "RestartFailed";

  constructor(reason: string) {
    super(`the broker was not restarted: ${reason}`);
  }
}
