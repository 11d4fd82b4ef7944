/** The formatter wraps code and leaves comments as they are: they are as wide as the code. */
import assert from "node:assert/strict";
import { sourcesBelow } from "../support/source_files.ts";

const ROOT = new URL("../../", import.meta.url);
const COLUMNS = 100;

/** A line that is a comment, or ends with one. */
const COMMENT = /^\s*(\/\/|\/?\*)|\s\/\/ /;

Deno.test(`no comment is wider than ${COLUMNS} columns`, async () => {
  const wide: string[] = [];
  for await (const file of sourcesBelow(ROOT)) {
    const lines = (await Deno.readTextFile(file)).split("\n");
    for (const [at, line] of lines.entries()) {
      const isComment = COMMENT.test(line) && !line.includes("deno-lint-ignore");
      if (isComment && line.length > COLUMNS) {
        wide.push(`${file.href.replace(ROOT.href, "")}:${at + 1}`);
      }
    }
  }
  assert.deepEqual(wide, []);
});
