/** The formatter wraps code and leaves comments as they are: they are as wide as the code. */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
const COLUMNS = 100;

Deno.test(`no comment is wider than ${COLUMNS} columns`, async () => {
  const wide: string[] = [];
  const files = await Promise.all(
    ["src/", "tests/", "bench/"].map((folder) =>
      Array.fromAsync(sourcesBelow(new URL(folder, ROOT)))
    ),
  );
  for (const file of files.flat()) {
    const lines = (await Deno.readTextFile(file)).split("\n");
    for (const [at, line] of lines.entries()) {
      const isComment = /^\s*(\/\/|\/?\*)/.test(line) && !line.includes("deno-lint-ignore");
      if (isComment && line.length > COLUMNS) {
        wide.push(`${file.href.replace(ROOT.href, "")}:${at + 1}`);
      }
    }
  }
  assert.deepEqual(wide, []);
});

async function* sourcesBelow(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* sourcesBelow(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
