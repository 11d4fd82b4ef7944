import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { Guard } from "../lab/stage/guard.ts";
import { commandProblem } from "../work/exec/find_command.ts";
import type { Context } from "./context.ts";

/** As shells and `timeout` of GNU say it. */
const NOT_EXECUTABLE = 126;

const STDERR = 2;

export interface ChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly context: Pick<Context, "stderr" | "stop" | "inputIsTerminal">;
}

/**
 * Says on standard error what is wrong with a command before anything is done for its sake.
 *
 * @returns the exit status that a shell would give; undefined where nothing speaks against it
 */
export function refuseUnusable(
  [file]: readonly string[],
  { env, context }: ChildOptions,
): number | undefined {
  const problem = commandProblem(file!, env["PATH"]);
  if (problem === undefined) return undefined;
  context.stderr.write(`worktool: the command cannot be run: ${problem.reason}\n`);
  return problem.kind === "cannotRun" ? problem.exitStatus : NOT_EXECUTABLE;
}

/**
 * Runs a line for the shell to its end; what it prints goes to worktool's standard error, after
 * what worktool has said.
 *
 * @returns its exit status, 128 and the signal's number where a signal ended it
 */
export async function runShellLine(
  line: string,
  { stderr }: Pick<Context, "stderr">,
): Promise<number> {
  await stderr.flushed().catch(() => {});
  const child = spawn("/bin/sh", ["-c", line], { stdio: ["ignore", STDERR, STDERR] });
  return await new Promise((resolve) => {
    child.on("error", () => resolve(NOT_EXECUTABLE));
    child.on("exit", (status, signal) => resolve(shellStatus(status, signal)));
  });
}

export interface RunOptions extends ChildOptions {
  /**
   * Nothing of the command outlives worktool, whatever ends worktool, nor what the command leaves
   * behind itself; default false.
   */
  readonly guarded?: boolean;
}

/**
 * Runs a command in worktool's place, with its standard streams. A signal that worktool gets is
 * passed on.
 *
 * The command is in worktool's process group, so that Ctrl-C of the terminal reaches it. A guarded
 * one that has no terminal to read from has a group of its own, which ends as a whole; of one that
 * has, only its first process is watched over.
 *
 * @returns its exit status, 128 and the signal's number where a signal ended it
 */
export async function runChild(
  [file, ...args]: readonly string[],
  { env, context: { stop, inputIsTerminal, stderr }, guarded = false }: RunOptions,
): Promise<number> {
  await stderr.flushed().catch(() => {}); // worktool's words come before the command's output
  const { promise, resolve } = Promise.withResolvers<number>();
  const detached = guarded && !inputIsTerminal();
  let child: ReturnType<typeof spawn>;
  try {
    child = spawn(file!, args, { env: env as NodeJS.ProcessEnv, stdio: "inherit", detached });
  } catch (error) { // Bun throws what Node emits
    stderr.write(`worktool: the command cannot be run: ${(error as Error).message}\n`);
    return NOT_EXECUTABLE;
  }
  const target = child.pid && (detached ? -child.pid : child.pid);
  using _guard = guarded && target ? new Guard(target) : undefined;
  child.on("error", (error) => {
    stderr.write(`worktool: the command cannot be run: ${error.message}\n`);
    resolve(NOT_EXECUTABLE);
  });
  child.on("exit", (status, signal) => {
    if (detached) kill(); // what it left behind
    resolve(shellStatus(status, signal));
  });
  function send(signal: NodeJS.Signals): void {
    if (!detached) return void child.kill(signal);
    try {
      process.kill(target!, signal);
    } catch {
      // nothing is left of it
    }
  }
  function passOn(): void {
    const signal = stop.reason as NodeJS.Signals;
    // A terminal has sent its Ctrl-C to the command too.
    if (signal === "SIGINT" && inputIsTerminal()) return;
    send(signal);
  }
  const kill = () => send("SIGKILL");
  stop.addEventListener("abort", passOn, { once: true });
  if (stop.aborted) passOn();
  process.on("exit", kill); // the second signal ends this process at once
  try {
    return await promise;
  } finally {
    process.off("exit", kill);
    stop.removeEventListener("abort", passOn);
  }
}

/** As a shell tells it. */
function shellStatus(status: number | null, signal: NodeJS.Signals | null): number {
  return status ?? 128 + (constants.signals[signal!] ?? 0);
}
