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
