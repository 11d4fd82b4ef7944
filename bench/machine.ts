import os from "node:os";

/** Load above this share of the cores before a run makes its numbers doubtful. */
const QUIET_LOAD_PER_CORE = 0.5;

/** The machine in one line: model, cores, memory, system. */
export function describeMachine(): string {
  const cpus = os.cpus();
  const gib = Math.round(os.totalmem() / 2 ** 30);
  return `${cpus[0]?.model.trim()}, ${cpus.length} cores, ${gib} GiB, ${os.type()} ${os.release()}`;
}

/** The average number of running processes over the last minute. */
export function loadAverage(): number {
  return os.loadavg()[0]!;
}

/** What to say about a machine that is busy with something else; undefined when it is not. */
export function noise(load: number): string | undefined {
  const quiet = os.cpus().length * QUIET_LOAD_PER_CORE;
  if (load <= quiet) return undefined;
  return `NOISY: the load was ${load.toFixed(2)} before the first measurement`;
}
