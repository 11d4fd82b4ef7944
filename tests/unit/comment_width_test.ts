/** The formatter wraps code and leaves comments as they are: they are as wide as the code. */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
const COLUMNS = 100;

Deno.test(`no comment in src is wider than ${COLUMNS} columns`, async () => {
  const wide: string[] = [];
  for await (const file of sourcesBelow(new URL("src/", ROOT))) {
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
