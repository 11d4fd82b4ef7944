import type { Context } from "./benchmark.ts";
import { runCommand } from "./command.ts";
import type { ScratchQueue } from "./scratch_queue.ts";

/** Puts so many tasks into a queue; resolves when all of them are ready. */
export async function fillQueue(
  queue: ScratchQueue,
  tasks: number,
  { worktool, url, linesFile, stop }: Context,
): Promise<void> {
  const argv = [worktool, "send", "--url", url, "--queue", queue.name, "--lines"];
  await runCommand({ argv, stdin: await linesFile(tasks) }, { peak: false, stop });
  await queue.arrived(tasks);
}
