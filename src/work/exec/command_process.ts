import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import type { OrphanGuard } from "./orphan_guard.ts";
import { type ProcessEnd, type SpawnFailure, spawnFailure } from "./task_end.ts";
import type { Environment } from "./task_environment.ts";

export interface CommandProcessOptions {
  readonly args: readonly string[];
  readonly environment: Environment;
  /** A descriptor to read from. */
  readonly stdin: number | "pipe" | "ignore";
  readonly stdout: "inherit" | "pipe" | "ignore";
  readonly stderr: "inherit" | "pipe";
  readonly guard: OrphanGuard | null;
}

/**
 * One run of a command, in a session and a process group of its own: the terminal's Ctrl-C reaches
 * only worktool, and a signal can reach everything that the command starts.
 *
 * The task is over when the command has ended: whatever is left in its group is killed. A process
 * that made itself a session (setsid, daemons) is out of reach.
 */
export class CommandProcess {
  /** Fulfilled once the process is reaped, or could not be started. Never rejects. */
  readonly ended: Promise<ProcessEnd | SpawnFailure>;
  readonly #child: ChildProcess | undefined;
  /** Undefined when there is nothing to signal, so that its number may be another's by now. */
  #group: number | undefined;
  #killTimer: ReturnType<typeof setTimeout> | undefined;
  #terminating = false;

  constructor(file: string, { args, environment, guard, ...stdio }: CommandProcessOptions) {
    const { promise, resolve } = Promise.withResolvers<ProcessEnd | SpawnFailure>();
    this.ended = promise;
    let child: ChildProcess;
    try {
      child = spawn(file, args, {
        env: environment as NodeJS.ProcessEnv,
        stdio: [stdio.stdin, stdio.stdout, stdio.stderr],
        detached: true,
      });
    } catch (error) { // Bun throws what Node and Deno emit
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined || code.startsWith("ERR_")) throw error;
      resolve(spawnFailure(file, code, { exists: isPathOfFile(file) }));
      return;
    }
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      resolve(spawnFailure(file, error.code ?? "unknown", { exists: isPathOfFile(file) }));
    });
    if (child.pid === undefined) return;
    this.#child = child;
    this.#group = child.pid;
    const slot = guard?.note(child.pid);
    child.on("exit", (exitStatus, signal) => {
      clearTimeout(this.#killTimer);
      this.kill(); // what it left behind
      this.#group = undefined;
      if (slot !== undefined) guard?.forget(slot);
      // A real-time signal has no name in the runtime. Bun tells it as exit status 0.
      resolve(
        exitStatus === null
          ? { kind: "signalled", signal: signal ?? "unknown" }
          : { kind: "exited", exitStatus },
      );
    });
  }

  /** Only with "pipe", and where it started. */
  get stdin(): Writable | undefined {
    return this.#child?.stdin ?? undefined;
  }

  /** As `stdin`. */
  get stdout(): Readable | undefined {
    return this.#child?.stdout ?? undefined;
  }

  /** As `stdin`. */
  get stderr(): Readable | undefined {
    return this.#child?.stderr ?? undefined;
  }

  /**
   * SIGTERM to the group, and SIGKILL when its first process still runs after so long. Once only.
   */
  terminate(killAfterMs: number): void {
    if (this.#terminating) return;
    this.#terminating = true;
    this.#signal("SIGTERM");
    this.#killTimer = setTimeout(() => this.kill(), killAfterMs);
  }

  /** SIGKILL to the group, now. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#group === undefined) return;
    try {
      process.kill(-this.#group, signal);
    } catch {
      // nothing is left of it
    }
  }
}

/** False for a name that is looked for in PATH. */
function isPathOfFile(file: string): boolean {
  return file.includes("/") && existsSync(file);
}
