/** README.md, typed as it stands there. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { brokerTest } from "../support/brokers.ts";
import { EXECUTABLE, type Exit, Worktool } from "../support/worktool.ts";

const README = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

/** The block of commands that has this line in it. */
function block(line: string): string {
  const found = README.split("```").find((part, n) => n % 2 === 1 && part.includes(line));
  assert.ok(found, `README.md has a block with: ${line}`);
  return found;
}

/** Runs commands in a directory of their own, in which `worktool` is on the path. */
async function type(script: string, { url = "", queue = "" } = {}): Promise<Exit> {
  const directory = await Deno.makeTempDir({ prefix: "worktool-readme-" });
  try {
    const queued = queue === "" ? '"$@"' : `"$1" --queue ${queue} "${"$"}{@:2}"`;
    const wrapper = `#!/usr/bin/env bash\nexec ${EXECUTABLE} ${queued}\n`;
    await Deno.writeTextFile(`${directory}/worktool`, wrapper, { mode: 0o755 });
    return await Worktool.run([], {
      command: ["bash", "-c", `cd ${directory}; PATH=$PWD:$PATH; ${script}`],
      env: url === "" ? {} : { AMQP_URL: url },
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

brokerTest("README: a task survives the worker that died in it", async (broker) => {
  const queue = broker.queue();
  const step = block("worktool work --crash-during 1");
  const commands = [...step.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command);
  assert.equal(commands.length, 3);
  const { stdout } = await type(commands.join("\n"), { url: broker.url, queue });
  const told = /^ \[x\] Received .*$/m.exec(step)![0];
  assert.ok(stdout.includes(`${told}\n`), `${told} in ${stdout}`);
  assert.equal((await broker.depth(queue)).ready, 0);
});

Deno.test("README: a CI job starts a broker for itself", async () => {
  const recipe = block("worktool broker --port 0 --memory > url");
  const { code, stdout, stderr } = await type(`${recipe}\nworktool send task; kill %1; wait`);
  assert.equal(stdout, " [x] Sent 'task'\n", stderr);
  assert.equal(code, 0);
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
