/** Workers that end by themselves, with a command: what they wait for, and what they exit with. */
import assert from "node:assert/strict";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { brokerTest } from "../support/brokers.ts";
import { ChannelErrors } from "../support/channel_errors.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { events, Worktool } from "../support/worktool.ts";

const BY_BODY = ["--", "sh", "-c", 'exit "$(cat)"'];
const RETRIES = ["--backoff", "10ms"];

const QUEUE_DECLARE = methodIdBytes("queue.declare");

/** Tasks are the exit statuses of their commands. */
const ENDS: readonly (readonly [
  tasks: readonly string[],
  flags: readonly string[],
  counts: readonly [done: number, dead: number, rejected: number],
  exitCode: number,
])[] = [
  [["0", "0"], [], [2, 0, 0], 0],
  [["0", "65", "0"], [], [2, 1, 0], 1],
  [["0", "1"], [], [1, 1, 0], 1],
  [["0", "3"], ["--on-exit", "3=reject"], [1, 0, 1], 1],
  [["3", "4"], ["--on-exit", "3=ack,4=ack"], [2, 0, 0], 0],
];

for (const rule of ["--until-empty", "--count"]) {
  for (const [tasks, flags, [done, dead, rejected], exitCode] of ENDS) {
    brokerTest(`${rule} with exits ${tasks} ${flags.join(" ")}: ${exitCode}`, async (broker) => {
      const queue = broker.taskQueue();
      await broker.send(queue, ...tasks);
      const rules = rule === "--count" ? [rule, `${tasks.length}`] : [rule];
      const exit = await broker.run("work", queue, [
        "--json",
        ...rules,
        ...RETRIES,
        ...flags,
        ...BY_BODY,
      ]);
      const stopped = events(exit).at(-1)!;
      assert.deepEqual([stopped.done, stopped.dead, stopped.rejected], [done, dead, rejected]);
      assert.equal(exit.code, exitCode);
      assert.equal((await broker.depth(queue)).ready, 0);
    });
  }
}

brokerTest("--until-empty waits for tasks in retry queues", async (broker) => {
  const queue = broker.taskQueue("600ms");
  await broker.send(queue, "task");
  const exit = await broker.run("work", queue, [
    ...["--json", "--until-empty", "--backoff", "600ms"],
    ...["--", "sh", "-c", "[ $WORKTOOL_ATTEMPT = 2 ]"],
  ]);
  assert.equal(exit.code, 0);
  const { reason, done, retried } = events(exit).at(-1)!;
  assert.deepEqual([reason, done, retried], ["empty", 1, 1]);
});

brokerTest("--until-empty looks for no queue that does not exist", async (broker) => {
  const queue = broker.taskQueue("20ms");
  await broker.send(queue, "task");
  const args = ["--until-empty", "--concurrency", "2"];
  await broker.run("work", queue, [...args, "--", "true"]); // declares the dead-letter queue
  await using errors = await ChannelErrors.watch(broker.url);
  await broker.send(queue, "1", "2", "3");
  const exit = await Worktool.run([
    ...["work", "--url", errors.url, "--queue", queue, "--backoff", "20ms", ...args],
    ...["--attempts", "9", "--json", "--", "sh", "-c", "[ $WORKTOOL_ATTEMPT = 2 ]"],
  ]);
  assert.equal(exit.code, 0, exit.stderr);
  assert.deepEqual([events(exit).at(-1)!.done, events(exit).at(-1)!.retried], [3, 3]);
  assert.equal(errors.count, 0);
});

brokerTest("--until-empty waits for what it put off before a lost connection", async (broker) => {
  const queue = broker.taskQueue("3s");
  await broker.send(queue, "task");
  let looks: number | undefined;
  await using proxy = await TcpProxy.start(broker.url, (bytes) => {
    // The second look follows the answer to the first: the broker has handled the ack by then.
    if (looks !== undefined && bytes.includes(QUEUE_DECLARE) && ++looks === 2) proxy.cut();
    return "pass";
  });
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", queue, "--json", "--until-empty"],
    ...["--backoff", "3s", "--reconnect-delay", "10ms..10ms"],
    ...["--", "sh", "-c", "[ $WORKTOOL_ATTEMPT = 2 ]"],
  ]);
  await worker.event("acked");
  looks = 0;
  const exit = await worker.exited;
  assert.equal(exit.code, 0, exit.stderr);
  assert.deepEqual([events(exit).at(-1)!.done, events(exit).at(-1)!.reconnects], [1, 1]);
});

brokerTest("--count counts tasks that came to an end, not attempts", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "1", "0");
  const exit = await broker.run("work", queue, ["--json", "--count", "2", ...RETRIES, ...BY_BODY]);
  const { reason, done, dead, retried } = events(exit).at(-1)!;
  assert.deepEqual([reason, done, dead], ["count", 1, 1]);
  assert.equal(retried, 2);
  assert.equal(exit.code, 1);
});

brokerTest("--count that is not reached in time exits 2, whatever failed", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "65");
  const exit = await broker.run("work", queue, [
    "--count",
    "2",
    "--idle-timeout",
    "300ms",
    ...BY_BODY,
  ]);
  assert.equal(exit.code, 2);
});

brokerTest("after a signal it is 0, whatever became of single tasks", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "65", "3");
  const worker = broker.start("work", queue, ["--json", "--on-exit", "3=reject", ...BY_BODY]);
  await worker.event("rejected");
  worker.kill("SIGTERM");
  const exit = await worker.exited;
  assert.equal(exit.code, 0);
  const { dead, rejected } = events(exit).at(-1)!;
  assert.deepEqual([dead, rejected], [1, 1]);
});
