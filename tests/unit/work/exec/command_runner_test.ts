import assert from "node:assert/strict";
import { within } from "../../../support/deadline.ts";
import { SCENARIOS } from "./scenarios.ts";

const BUN = new URL("../../../../node_modules/.bin/bun", import.meta.url).pathname;

const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  Deno: [Deno.execPath(), "run", "--allow-all", "--no-check"],
  Bun: [BUN],
};

for (const [name, [program, ...args]] of Object.entries(RUNTIMES)) {
  const start = (file: string, options: Pick<Deno.CommandOptions, "env" | "stdin"> = {}) =>
    new Deno.Command(program!, {
      args: [...args, new URL(file, import.meta.url).pathname],
      ...options,
      stdout: "piped",
      stderr: "inherit",
    }).spawn();

  Deno.test(`a command for each task, in ${name}`, async (t) => {
    await using process = start("scenarios_main.ts");
    const results = lines(process.stdout);
    for (const scenario of Object.keys(SCENARIOS)) {
      await t.step(scenario, async () => {
        const result = within(results.next(), `the result of "${scenario}"`);
        const { value } = await result.catch((late) => {
          process.kill("SIGKILL"); // nothing will come of the others either
          throw late;
        });
        const { name, error } = JSON.parse(value ?? "{}");
        assert.equal(name, scenario);
        if (error !== undefined) assert.fail(error);
      });
    }
    assert.ok((await within(results.next(), "their end")).done);
    assert.ok((await process.status).success);
  });

  Deno.test(`no command and no body survives kill -9 of worktool, in ${name}`, async () => {
    const directory = await Deno.makeTempDir();
    await using process = start("victim.ts", { stdin: "piped", env: { TMPDIR: directory } });
    const output = lines(process.stdout);
    for (let up = 0; up < 2; up++) {
      assert.equal((await within(output.next(), "a command to start")).value, "up");
    }
    // A command may be up before worktool has noted its process group: that is the window which
    // OrphanGuard tells of, and on a busy machine it is no short one.
    await process.stdin.getWriter().write(new Uint8Array(1));
    assert.equal((await within(output.next(), "an answer")).value, "awake");
    process.kill("SIGKILL");
    // The commands have the same stdout: it ends when the last of them does.
    assert.ok((await within(output.next(), "the last command to end")).done);
    await Deno.remove(directory); // throws where it is not empty
  });
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const all = (rest + text).split("\n");
    rest = all.pop()!;
    yield* all;
  }
}
