/** Clock ticks a second in /proc/PID/stat. */
const TICKS_PER_SECOND = 100;

/** Its memory in RAM now (VmRSS) and at its most (VmHWM), in octets; undefined when it ended. */
export async function memoryOf(
  pid: number,
): Promise<{ residentBytes: number; peakBytes: number } | undefined> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const octets = (field: string) => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status);
    return found === null ? undefined : 1_024 * Number(found[1]);
  };
  const [residentBytes, peakBytes] = [octets("VmRSS"), octets("VmHWM")];
  return residentBytes === undefined || peakBytes === undefined
    ? undefined // a process that ended has a file without these lines
    : { residentBytes, peakBytes };
}

/** Processor time that it has used, in milliseconds; undefined when it ended. */
async function cpuMsOf(pid: number): Promise<number | undefined> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1_000 / TICKS_PER_SECOND;
}

/** Looks that often, in milliseconds. */
const LOOK_MS = 500;
/** A process that uses less of one core is at rest. */
const RESTING_SHARE = 0.3;

/** Resolves when the process is at rest or gone: what it was told to do is done. */
export async function atRest(pid: number, stop: AbortSignal): Promise<void> {
  let before = await cpuMsOf(pid);
  while (before !== undefined && !stop.aborted) {
    await pause(LOOK_MS);
    const now = await cpuMsOf(pid);
    if (now === undefined || now - before < LOOK_MS * RESTING_SHARE) return;
    before = now;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
