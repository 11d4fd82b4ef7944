import { Worktool } from "../support/worktool.ts";
import { within } from "../support/deadline.ts";
import type { ForeignClient } from "./foreign_client.ts";

/** Debian's interpreter: it sees Debian's packages, which another one on the PATH does not. */
export const PYTHON = "/usr/bin/python3";

const DEADLINE_MS = 45_000;

/** The Debian package of a Python module, when it is not installed. */
export function missingPackage(module: string, debianPackage: string): string | undefined {
  try {
    const { success } = new Deno.Command(PYTHON, {
      args: ["-c", `import ${module}`],
      stderr: "null",
    }).outputSync();
    return success ? undefined : debianPackage;
  } catch {
    return debianPackage; // not even Python
  }
}

/** A client whose every task is a function of a Python program beside this file. */
export function pythonClient(program: string): ForeignClient {
  const path = new URL(program, import.meta.url).pathname;
  const start = (args: string[]) => Worktool.start(args, { command: [PYTHON, "-u", path] });
  /** The program's last line is its answer, as JSON. */
  async function answer<T>(running: Worktool): Promise<T> {
    const { code, stdout, stderr } = await within(running.exited, `${program} to end`, DEADLINE_MS);
    if (code !== 0) throw new Error(`${program} failed: ${stderr}`);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  }
  async function run<T>(...args: string[]): Promise<T> {
    await using running = start(args);
    return await answer<T>(running);
  }
  return {
    work: (url, queue, bodies) => run("work", url, queue, ...bodies),
    nack: (url, queue, deadLetterQueue) => run("nack", url, queue, deadLetterQueue),
    errors: (url, queue, missingQueue) => run("errors", url, queue, missingQueue),
    async outlive(url, queue, restart) {
      await using running = start(["outlive", url, queue]);
      await running.line(/^published$/);
      await restart();
      return await answer(running);
    },
  };
}
