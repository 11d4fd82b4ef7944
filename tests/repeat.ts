// deno-lint-ignore-file no-console -- it prints to the terminal
/**
 * Runs tests again and again, and ends with a list of what failed, and how often.
 *
 *     deno task test:repeat [--load] RUNS [FILES…]
 *
 * With `--load` every processor has something else to do meanwhile: a test that needs a fast
 * machine shows itself. Takes the environment variables of tests/run.ts.
 */
import { failureCounts, type TestCase, testCases } from "./support/test_report.ts";

const isLoaded = Deno.args[0] === "--load";
const [count, ...files] = isLoaded ? Deno.args.slice(1) : Deno.args;
const runCount = Number(count);
if (!Number.isInteger(runCount) || runCount < 1) {
  console.error("Usage: deno task test:repeat [--load] RUNS [FILES…]");
  Deno.exit(64);
}

const runs: TestCase[][] = [];
let failedRuns = 0;
const loops = isLoaded ? Array.from({ length: navigator.hardwareConcurrency }, busyLoop) : [];
const directory = await Deno.makeTempDir();
try {
  for (let run = 1; run <= runCount; run++) {
    console.log(`\nRun ${run} of ${runCount}`);
    const junit = `${directory}/${run}.xml`;
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", new URL("run.ts", import.meta.url).pathname, ...files],
      env: { WORKTOOL_TEST_REPORT: junit },
    }).spawn().status;
    if (!success) failedRuns++;
    runs.push(testCases(await Deno.readTextFile(junit).catch(() => "")));
  }
} finally {
  for (const loop of loops) loop.kill("SIGKILL");
  await Deno.remove(directory, { recursive: true });
}

console.log(`\n${failedRuns} of ${runCount} runs failed`);
for (const [test, count] of failureCounts(runs)) console.log(`  ${count} × ${test}`);
Deno.exit(failedRuns > 0 ? 1 : 0);

/** Ends by itself soon after this process, should that be killed. */
function busyLoop(): Deno.ChildProcess {
  const script = 'while kill -0 "$0"; do i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done; done';
  return new Deno.Command("sh", { args: ["-c", script, `${Deno.pid}`], stderr: "null" }).spawn();
}
