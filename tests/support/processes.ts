import { eventually } from "./deadline.ts";

/** Resolves when none of these processes runs any more; one that nobody has reaped does not run. */
export async function processesEnd(...pids: number[]): Promise<void> {
  await eventually(
    `processes ${pids} to end`,
    () => !pids.some((pid) => isRunning(pid)),
  );
}

export function isRunning(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}
