/** Rights that a worker will need are asked for before it takes a task. */
import assert from "node:assert/strict";
import { scenario, type User } from "../support/own_brokers.ts";
import { Broker } from "../support/brokers.ts";
import { Worktool } from "../support/worktool.ts";

/** Users that may declare some of a worker's queues, and use all of them. */
function user(name: string, configure: string, { write = ".*", read = ".*" } = {}): User {
  return { name, password: "secret", configure, write, read };
}

const users = [
  user("no-retry-queues", "^task(\\.dead)?$"),
  user("no-dead-letter-queue", "^task(\\.retry\\..*)?$"),
  user("no-default-exchange", ".*", { write: "^task" }),
  user("no-reading-of-retries", ".*", { read: "^task$" }),
  user("all-queues", "^task(\\.dead|\\.retry\\..*)?$", {
    write: "^amq\\.default$",
    read: "^task(\\.retry\\..*)?$",
  }),
];

scenario("rights of a worker with a command", { users }, async (node, step) => {
  async function work(username: string, ...args: string[]) {
    const url = new URL(node.url);
    [url.username, url.password] = [username, "secret"];
    const flags = ["--url", url.href, "--queue", "task", "--until-empty"];
    return await Worktool.run(["work", ...flags, ...args]);
  }

  await step(
    "a missing right on retry queues: 77, no task is taken",
    () =>
      Broker.use(node.url, async (broker) => {
        await broker.send("task", "1");
        const { code, stdout, stderr } = await work("no-retry-queues", "--", "true");
        assert.equal(code, 77, stderr);
        assert.equal(stdout, "");
        assert.match(
          stderr,
          /user 'no-retry-queues' declare retry queue 'task\.retry\.1s' in vhost '\/': the right to configure/,
        );
        const [task] = await broker.take("task");
        assert.equal(task!.fields.redelivered, false);
      }),
  );

  await step(
    "without retries that right is not needed",
    () =>
      Broker.use(node.url, async (broker) => {
        for (const flags of [["--no-retry"], ["--attempts", "1"]]) {
          await broker.send("task", "1");
          const { code, stderr } = await work("no-retry-queues", ...flags, "--", "true");
          assert.equal(code, 0, stderr);
        }
        await broker.deleteQueue("task.dead");
      }),
  );

  await step(
    "a missing right on the dead-letter queue: 77, no task is taken",
    () =>
      Broker.use(node.url, async (broker) => {
        await broker.send("task", "1");
        const { code, stdout, stderr } = await work("no-dead-letter-queue", "--", "true");
        assert.equal(code, 77, stderr);
        assert.equal(stdout, "");
        assert.match(stderr, /refused: 403 ACCESS_REFUSED - .*access to queue 'task\.dead'/);
        const [task] = await broker.take("task");
        assert.equal(task!.fields.redelivered, false);
      }),
  );

  for (
    const [username, flags, resource] of [
      ["no-default-exchange", [], "amq.default"],
      ["no-default-exchange", ["--no-retry"], "amq.default"],
      ["no-reading-of-retries", [], "task.retry.1s"],
    ] as const
  ) {
    await step(
      `${username} ${flags}: 77, no task is taken`,
      () =>
        Broker.use(node.url, async (broker) => {
          await broker.send("task", "1");
          const { code, stdout, stderr } = await work(username, ...flags, "--", "true");
          assert.equal(code, 77, stderr);
          assert.equal(stdout, "");
          assert.ok(
            stderr.includes(`let user '${username}' move failed tasks in vhost '/'`),
            stderr,
          );
          const refusal = `403 ACCESS_REFUSED - (?:write |read )?access to exchange '${resource}'`;
          assert.match(stderr, new RegExp(refusal));
          const [task] = await broker.take("task");
          assert.equal(task!.fields.redelivered, false);
          await broker.deleteQueue("task.dead");
        }),
    );
  }

  await step(
    "a worker that only reads its own queue needs no right to read retry queues",
    () =>
      Broker.use(node.url, async (broker) => {
        await broker.send("task", "1");
        const { code, stderr } = await work("no-reading-of-retries", "--no-retry", "--", "true");
        assert.equal(code, 0, stderr);
        await broker.deleteQueue("task.dead");
      }),
  );

  await step(
    "with all rights, and no others, failed tasks are retried, and given up",
    () =>
      Broker.use(node.url, async (broker) => {
        await broker.send("task", "1");
        const { code, stderr } = await work(
          "all-queues",
          "--attempts",
          "2",
          "--backoff",
          "10ms",
          "--",
          "false",
        );
        assert.equal(code, 1, stderr);
        assert.deepEqual(await broker.takeBodies("task.dead"), ["1"]);
      }),
  );
});
