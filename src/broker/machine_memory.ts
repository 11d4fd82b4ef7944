import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** @returns what the file says; undefined when it is not there */
export type ReadText = (path: string) => string | undefined;

/**
 * Memory that this process may use, in octets: the machine's, or less where its control group, or
 * one around that, has a limit (v2 `memory.max`, v1 `memory.limit_in_bytes`), as in a container.
 */
export function machineMemoryBytes(totalBytes = totalmem(), read: ReadText = readText): number {
  let bytes = totalBytes;
  for (const line of read("/proc/self/cgroup")?.split("\n") ?? []) {
    const [, controllers, group] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (group === undefined) continue;
    const isV1 = controllers!.split(",").includes("memory");
    if (!isV1 && controllers !== "") continue;
    const [root, file] = isV1
      ? ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"]
      : ["/sys/fs/cgroup", "memory.max"];
    // A container may see its own group as the root, whatever it is called outside.
    for (let path = group === "/" ? "" : group;; path = path.slice(0, path.lastIndexOf("/"))) {
      const limit = Number.parseInt(read(`${root}${path}/${file}`) ?? "", 10); // or "max"
      if (limit > 0) bytes = Math.min(bytes, limit);
      if (path === "") break;
    }
  }
  return bytes;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
