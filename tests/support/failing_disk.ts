import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { within } from "./deadline.ts";

/** How SQLite reaches the disk. */
const CALLS = "pwrite64,pwritev,fdatasync,fsync,ftruncate";

/** Why no disk can be made to fail here; undefined where one can. */
export const NO_FAILING_DISK = await obstacle();

async function obstacle(): Promise<string | undefined> {
  const strace = spawn("strace", ["-qq", "-e", "trace=none", "true"], { stdio: "ignore" });
  const code = await new Promise((resolve) => strace.on("error", resolve).on("close", resolve));
  return code === 0 ? undefined : "strace is not there, or may not trace";
}

/** The disk of a process fails: what it writes ends with EIO, as on one that is broken. */
export class FailingDisk implements AsyncDisposable {
  readonly #strace: ChildProcess;

  private constructor(strace: ChildProcess) {
    this.#strace = strace;
  }

  /** From now on, until it is disposed of. */
  static async of(pid: number): Promise<FailingDisk> {
    const inject = `inject=${CALLS}:error=EIO`;
    const args = ["-f", "-o", "/dev/null", "-e", `trace=${CALLS}`, "-e", inject, "-p", `${pid}`];
    const strace = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
    let told = "";
    const attached = new Promise<void>((resolve) => {
      strace.stderr.setEncoding("utf8").on("data", (text: string) => {
        if (/ attached/.test(told += text)) resolve();
      });
    });
    await within(attached, () => `strace to be attached; it says: ${told}`);
    return new FailingDisk(strace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#strace, "close");
    this.#strace.kill("SIGINT");
    await within(closed, "the end of strace");
  }
}
