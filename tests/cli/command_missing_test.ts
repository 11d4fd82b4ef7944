/** `work -- command`: a command that cannot be run shows before a task is taken. */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";
import { events, Worktool } from "../support/worktool.ts";

const NO_BROKER = "amqp://127.0.0.1:1/";

/** A folder with what a user may mean by a command, removed afterwards. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "worktool-command-" });
  try {
    await Deno.writeTextFile(`${folder}/tool`, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/text`, "#!/bin/sh\nexit 0\n", { mode: 0o644 });
    await Deno.mkdir(`${folder}/folder`);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const UNUSABLE: readonly (readonly [what: string, command: string, message: string])[] = [
  ["a path where nothing is", "/no/such/command", "no such command: /no/such/command"],
  ["a relative path where nothing is", "./missing", "no such command: ./missing"],
  ["a name that is nowhere in PATH", "missing", "no such command: missing"],
  ["a file of PATH that is not executable", "text", "no such command: text"],
  ["a folder of PATH", "folder", "no such command: folder"],
  ["a file that is not executable", "./text", "cannot execute ./text: EACCES"],
  ["a folder", "./folder", "cannot execute ./folder: EACCES"],
  ["a path through a file", "./text/tool", "cannot execute ./text/tool: ENOTDIR"],
];

for (const [what, command, message] of UNUSABLE) {
  Deno.test(`${what} is no command: 1, without a broker`, () =>
    inFolder(async (folder) => {
      const { code, stdout, stderr } = await Worktool.run(
        ["work", "--url", NO_BROKER, "--health", "0", "--", command],
        { cwd: folder, env: { PATH: `${folder}:/usr/bin:/bin` } },
      );
      assert.equal(code, 1, stderr);
      assert.equal(stdout, "");
      assert.ok(stderr.startsWith(`worktool: the command cannot be run: ${message}\n`), stderr);
      assert.match(stderr, /no task was taken from the queue/);
      assert.doesNotMatch(stderr, /went back|Health/);
    }));
}

Deno.test("a command that --on-exit does not stop for is not looked for", async () => {
  for (const command of ["/no/such/command", "/"]) {
    const { code, stderr } = await Worktool.run([
      ...["work", "--url", NO_BROKER, "--on-exit", "126-127=dead", "--", command],
    ]);
    assert.equal(code, 69, stderr); // the broker was tried
  }
});

Deno.test("commands that can be run are found as the system finds them", () =>
  inFolder(async (folder) => {
    for (const command of ["tool", "./tool", `${folder}/tool`, "folder/../tool"]) {
      const { code, stderr } = await Worktool.run(
        ["work", "--url", NO_BROKER, "--", command],
        { cwd: folder, env: { PATH: `/no/such/folder:${folder}/folder:${folder}` } },
      );
      assert.equal(code, 69, stderr);
    }
  }));

brokerTest("a missing command takes no task, and tells it in JSON too", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "task");
  const exit = await broker.run("work", queue, ["--json", "--", "/no/such/command"]);
  assert.equal(exit.code, 1);
  const [stopped, ...others] = events(exit);
  assert.deepEqual(others, []);
  assert.equal(
    stopped!.error,
    "the command cannot be run: no such command: /no/such/command",
  );
  const [task] = await broker.take(queue);
  assert.equal(task!.content.toString(), "task");
  assert.equal(task!.fields.redelivered, false);
  assert.equal(task!.properties.headers?.["x-worktool-attempts"], undefined);
});

brokerTest(
  "a command that disappears stops the worker, its task is back untouched",
  (broker) =>
    inFolder(async (folder) => {
      const queue = broker.taskQueue();
      await Deno.writeTextFile(`${folder}/tool`, '#!/bin/sh\nrm "$0"\n', { mode: 0o755 });
      await broker.send(queue, "first", "second");
      const { code, stderr } = await broker.run("work", queue, ["--", `${folder}/tool`]);
      assert.equal(code, 1);
      assert.match(stderr, /the command cannot be run: no such command: .*\/tool\n/);
      assert.match(stderr, /its task went back to the queue/);
      assert.deepEqual(await broker.takeBodies(queue), ["second"]);
    }),
);
