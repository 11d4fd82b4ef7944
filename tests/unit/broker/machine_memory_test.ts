import assert from "node:assert/strict";
import { machineMemoryBytes } from "../../../src/broker/machine_memory.ts";

const TOTAL_BYTES = 8e9;

function memoryWith(files: Record<string, string>): number {
  return machineMemoryBytes(TOTAL_BYTES, (path) => files[path]);
}

Deno.test("the memory there is: the machine's, or the least that a control group around allows", () => {
  assert.equal(memoryWith({}), TOTAL_BYTES);
  assert.equal(
    memoryWith({
      "/proc/self/cgroup": "0::/a.slice/b.service\n",
      "/sys/fs/cgroup/a.slice/b.service/memory.max": "max\n",
      "/sys/fs/cgroup/a.slice/memory.max": "536870912\n",
    }),
    536_870_912,
  );
  // As in a container: its group is the root that it sees.
  assert.equal(
    memoryWith({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "1000000\n" }),
    1_000_000,
  );
  assert.equal(
    memoryWith({
      "/proc/self/cgroup": "5:cpu:/x\n4:memory:/docker/abc\n0::/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000\n",
    }),
    2_000_000,
  );
  // No limit is a number larger than any memory.
  assert.equal(
    memoryWith({
      "/proc/self/cgroup": "4:memory:/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }),
    TOTAL_BYTES,
  );
});
