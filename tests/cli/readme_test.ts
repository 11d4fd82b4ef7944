/** README.md: its recipes for CI, typed as they stand there, and its tables of flags. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { EXECUTABLE, type Exit, Worktool } from "../support/worktool.ts";

const README = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

/** The block of commands that has this line in it. */
function block(line: string): string {
  const found = README.split("```").find((part, n) => n % 2 === 1 && part.includes(line));
  assert.ok(found, `README.md has a block with: ${line}`);
  return found;
}

/** Runs commands in a directory of their own, in which `worktool` is on the path. */
async function type(script: string): Promise<Exit> {
  const directory = await Deno.makeTempDir({ prefix: "worktool-readme-" });
  try {
    await Deno.symlink(EXECUTABLE, `${directory}/worktool`);
    return await Worktool.run([], {
      command: ["bash", "-c", `cd ${directory}; PATH=$PWD:$PATH; ${script}`],
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("README: a CI job starts a broker for itself", async () => {
  const recipe = block("worktool broker --port 0 --memory > url");
  const { code, stdout, stderr } = await type(`${recipe}\nworktool send task; kill %1; wait`);
  assert.equal(stdout, " [x] Sent 'task'\n", stderr);
  assert.equal(code, 0);
});

Deno.test("README: a CI job waits for its broker, and runs its tests", async () => {
  const recipe = block("worktool broker --port 0 --memory > url");
  const [waitAndRun] = /^worktool wait .* -- .*$/m.exec(block("worktool wait --once"))!;
  const script =
    "printf '#!/bin/sh\\necho tested; exit 3\\n' > run-tests.sh; chmod +x run-tests.sh";
  const { code, stdout, stderr } = await type(
    `${recipe}\n${script}\n${waitAndRun}; result=$?; kill %1; wait; exit $result`,
  );
  assert.deepEqual([code, stdout], [3, "tested\n"], stderr);
});

Deno.test("README: a CI job with a user of its own", async () => {
  const recipe = block("worktool broker --port 0 --memory > url")
    .replace("--memory", "--memory --user ci:secret");
  const [, withUser] = /`(export AMQP_URL=amqp:\/\/ci:secret@[^`]*)`/.exec(README)!;
  const { stdout, stderr } = await type(
    `${recipe}\n${withUser}\nworktool send task; kill %1; wait`,
  );
  assert.equal(stdout, " [x] Sent 'task'\n", stderr);
});

Deno.test("README: a CI job whose broker cannot start fails", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const recipe = block("worktool broker --port 0 --memory > url").replace(
    "--port 0",
    `--port ${port}`,
  );
  const { code, stdout, stderr } = await type(`${recipe}\necho started`);
  server.close();
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /cannot listen on 127\.0\.0\.1:\d+/);
});

/** The parts of README's "Flags" that are about a command. */
const FLAG_TABLES = {
  send: ["`send` and `work` take", "`send` takes"],
  work: ["`send` and `work` take", "`work` takes"],
  "dead ls": ["`send` and `work` take", "`dead ls`"],
  "dead show": ["`send` and `work` take", "`dead ls`"],
  "dead replay": ["`send` and `work` take", "`dead ls`"],
  "dead purge": ["`send` and `work` take", "`dead ls`"],
  broker: ["`broker` prints"],
  lab: ["`lab EXPERIMENT…`"],
};

for (const [command, starts] of Object.entries(FLAG_TABLES)) {
  Deno.test(`README: names every flag of ${command}`, async () => {
    const { stdout } = await Worktool.run([...command.split(" "), "--help"]);
    const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag!);
    assert.ok(flags.length > 9, stdout);
    const [, section] = /^## Flags\n(.*?)^## /ms.exec(README)!;
    const parts = section!.split(
      /^(?=.*`(?:send|work|dead ls|broker|lab EXPERIMENT…)`.* (?:take|takes|prints|work) )/m,
    );
    const text = parts.filter((part) => starts.some((start) => part.includes(start))).join("");
    const missing = flags.filter((flag) => !new RegExp(`${flag}(?![a-z-])`).test(text));
    assert.deepEqual(missing, ["--help"]);
  });
}
