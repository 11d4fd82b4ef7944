import assert from "node:assert/strict";
import { failureCounts, testCases } from "./test_report.ts";

const JUNIT = `<testsuites><testsuite name="./tests/a_test.ts">
<testcase name="passes &lt;&quot;&gt; [embedded]" classname="./tests/a_test.ts" time="1">
</testcase>
<testcase name="fails" classname="./tests/a_test.ts"><failure message="1 &lt; 2
why">at b_test.ts</failure></testcase>
<testcase name="waits" classname="./tests/a_test.ts"><skipped/></testcase>
</testsuite></testsuites>`;

Deno.test("a report tells of each test how it ended", () => {
  const file = "tests/a_test.ts";
  assert.deepEqual(testCases(JUNIT), [
    { name: 'passes <"> [embedded]', file, outcome: "passed" },
    { name: "fails", file, outcome: "failed", failure: "1 < 2\nwhy" },
    { name: "waits", file, outcome: "skipped" },
  ]);
  assert.deepEqual(testCases(""), []);
});

Deno.test("failures of several runs are counted, most often first", () => {
  const run = (...names: string[]) =>
    names.map((name) => ({ name, file: "f", outcome: "failed" as const }));
  const ok = { name: "ok", file: "f", outcome: "passed" as const };
  const counts = failureCounts([run("a", "b"), [...run("b", "b"), ok], [ok]]);
  assert.deepEqual(counts, [["f: b", 2], ["f: a", 1]]);
});
