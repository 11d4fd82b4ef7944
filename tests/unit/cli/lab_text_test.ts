/** The lab's tables keep to the columns that there are, with all of their words. */
import assert from "node:assert/strict";
import { tableLines } from "../../../src/cli/output/lab_text.ts";

const TABLE = {
  title: "What became of the tasks",
  columns: ["variant", "done", "lost", "done by another worker", "done twice", "unexpected"],
  rows: [["--ack manual", "4 of 4", "none", "1, 3", "none", "none"]],
  note: "Tasks by their numbers.",
};

Deno.test("a table stands side by side in 80 columns, and as a list in 40", () => {
  for (const columns of [40, 80]) {
    const lines = tableLines(TABLE, columns);
    assert.ok(lines.every((line) => line.length <= columns), lines.join("\n"));
    for (const word of [...TABLE.columns.slice(1), ...TABLE.rows[0]!].join(" ").split(" ")) {
      assert.ok(lines.some((line) => line.includes(word)), word);
    }
  }
  assert.ok(tableLines(TABLE, 80).some((line) => /^--ack manual +4 of 4/.test(line)));
  assert.deepEqual(tableLines(TABLE, 40).slice(1, 3), ["--ack manual", "  done: 4 of 4"]);
});
