import { type ChildProcess, spawn } from "node:child_process";

/** Waits for the end of this process, be it by kill -9. */
const SCRIPT = `trap '' INT TERM HUP
read -r _
kill -KILL "$1" 2>/dev/null
[ -z "$2" ] || rm -rf -- "$2"`;

/**
 * Watches over a process that would outlive this one: when this one is gone, whatever ended it,
 * ends the process and removes its directory. Disposed of once the process has ended.
 */
export class Guard implements Disposable {
  readonly #shell: ChildProcess;

  /** @param pid a process, or its group: minus the group's number */
  constructor(pid: number | undefined, { directory = "" }: { readonly directory?: string } = {}) {
    this.#shell = spawn("/bin/sh", ["-c", SCRIPT, "worktool-process-guard", `${pid}`, directory], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#shell.on("error", () => {}); // no shell: then kill -9 leaves the process behind
    this.#shell.stdin!.on("error", () => {});
    this.#shell.unref();
  }

  [Symbol.dispose](): void {
    this.#shell.kill("SIGKILL");
  }
}
