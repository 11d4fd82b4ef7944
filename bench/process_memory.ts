/** What a process holds, in octets. */
export interface ProcessMemory {
  /** In RAM now (VmRSS). */
  readonly residentBytes: number;
  /** In RAM at its most (VmHWM). */
  readonly peakBytes: number;
}

/** The memory of a process; undefined when it ended. */
export async function memoryOf(pid: number): Promise<ProcessMemory | undefined> {
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
