/** Failed tasks: how often, how long between, and what a dead letter tells. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { brokerTest } from "../support/brokers.ts";
import { Gate } from "../support/gate.ts";
import { events } from "../support/worktool.ts";

const FAILS = ["--", "sh", "-c", "exit 1"];

brokerTest("a dead letter is the task, with all that is known of its death", async (broker) => {
  const queue = broker.taskQueue();
  const headers = { own: "ä", list: [1, { two: 2 }], raw: Buffer.from([0xff]) };
  const properties = {
    contentType: "text/plain",
    contentEncoding: "identity",
    deliveryMode: 2,
    priority: 3,
    correlationId: "correlation",
    replyTo: "reply",
    messageId: "id-1",
    timestamp: 1_700_000_000,
    type: "kind",
    userId: "guest",
    appId: "app",
  };
  const body = Buffer.from([0, 0xff, 0x0a]);
  await broker.publish(queue, body, { ...properties, headers });
  const before = Date.now();
  const script = "i=0; while [ $i -lt 999 ]; do echo ä$i; i=$((i+1)); done >&2; exit 42";
  const exit = await broker.run("work", queue, [
    ...["--name", "C1", "--json", "--until-empty", "--attempts", "2", "--backoff", "10ms"],
    ...["--on-exit", "42=retry", "--", "sh", "-c", script],
  ]);
  const [dead] = await broker.take(`${queue}.dead`);
  assert.deepEqual(dead!.content, body);
  const { headers: got, ...others } = dead!.properties;
  for (const [name, value] of Object.entries(properties)) {
    assert.equal(others[name as "type"], value);
  }
  const { "x-worktool-stderr": stderr, "x-worktool-dead-at": at, ...told } = got!;
  assert.deepEqual(told, {
    ...headers,
    "x-worktool-queue": queue,
    "x-worktool-exchange": "",
    "x-worktool-routing-key": queue,
    "x-worktool-attempts": 2,
    "x-worktool-reason": "exit status 42",
    "x-worktool-exit-status": 42,
    "x-worktool-worker": "C1",
  });
  const bytes = Buffer.byteLength(stderr);
  assert.ok(bytes <= 2048 && bytes > 2040, `${bytes}`);
  assert.match(stderr, /^[^\ufffd]*ä998\n$/);
  const died = new Date(at).getTime();
  assert.ok(before <= died && died <= Date.now(), at);
  const [event] = events(exit, "dead");
  assert.deepEqual(
    [event!.deadLetterQueue, event!.attempt, event!.exitStatus, event!.reason, event!.stderr],
    [`${queue}.dead`, 2, 42, "exit status 42", stderr],
  );
});

brokerTest("a dead letter names the signal that ended its command", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  const args = ["--until-empty", "--no-retry", "--", "sh", "-c", "kill -ABRT $$"];
  await broker.run("work", queue, args);
  const [dead] = await broker.take(`${queue}.dead`);
  const headers = dead!.properties.headers!;
  assert.equal(headers["x-worktool-signal"], "SIGABRT");
  assert.equal(headers["x-worktool-reason"], "signal SIGABRT");
  assert.ok(!("x-worktool-exit-status" in headers));
});

for (
  const [flags, attempts] of [
    [[], 3],
    [["--attempts", "1"], 1],
    [["--attempts", "5"], 5],
  ] as const
) {
  brokerTest(
    `${flags.join(" ") || "by default"} a task is tried ${attempts} times`,
    async (broker) => {
      const queue = broker.taskQueue();
      await broker.send(queue, "task");
      const args = ["--json", "--until-empty", "--backoff", "10ms", ...flags, ...FAILS];
      const exit = await broker.run("work", queue, args);
      assert.equal(exit.code, 1);
      const tried = events(exit, "received").map(({ attempt }) => attempt);
      assert.deepEqual(tried, Array.from({ length: attempts }, (_, n) => n + 1));
      const { done, retried, dead } = events(exit).at(-1)!;
      assert.deepEqual([done, retried, dead], [0, attempts - 1, 1]);
    },
  );
}

brokerTest("attempts are counted across workers", async (broker) => {
  const queue = broker.taskQueue();
  await using gate = await Gate.make();
  await broker.send(queue, "task");
  for (let attempt = 1; attempt <= 3; attempt++) {
    const worker = broker.start("work", queue, [
      ...["--json", "--backoff", "10ms", "--", "sh", "-c", 'read _ < "$0"; exit 1', gate.path],
    ]);
    await worker.event("received");
    worker.kill("SIGTERM"); // it ends what runs, and takes no other
    await broker.becomesUnconsumed(queue);
    await gate.open();
    const exit = await worker.exited;
    assert.equal(exit.code, 0); // it was told to stop
    assert.equal(events(exit, "failed")[0]!.attempt, attempt);
    await broker.becomesReady(attempt < 3 ? queue : `${queue}.dead`, 1);
  }
});

brokerTest("--dead-letter names the queue, and it is declared", async (broker) => {
  const queue = broker.taskQueue();
  const morgue = broker.queue();
  await broker.send(queue, "task");
  const flags = ["--until-empty", "--no-retry", "--dead-letter", morgue];
  const { stderr } = await broker.run("work", queue, [...flags, ...FAILS]);
  assert.match(
    stderr,
    new RegExp(`Given up 'task' after 1 attempt, exit status 1: now in ${morgue}`),
  );
  assert.deepEqual(await broker.takeBodies(morgue), ["task"]);
});

brokerTest("--backoff from..to doubles within its jitter", async (broker) => {
  const delays = [10, 11, 12, 16, 18, 20, 22, 24, 28, 32, 35].map((ms) => `${ms}ms`);
  const queue = broker.taskQueue(...delays);
  await broker.send(queue, "task");
  const args = ["--json", "--until-empty", "--attempts", "5", "--backoff", "10ms..35ms", ...FAILS];
  const exit = await broker.run("work", queue, args);
  const [first, second, ...others] = events(exit, "retried").map(({ delayMs }) => delayMs);
  assert.ok([10, 11, 12].includes(first), `${first}`);
  assert.ok([16, 18, 20, 22, 24].includes(second), `${second}`);
  assert.equal(others.length, 2);
  for (const delayMs of others) assert.ok([28, 32, 35].includes(delayMs), `${delayMs}`);
});

brokerTest("a fixed --backoff is always the same", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  const args = ["--json", "--until-empty", "--attempts", "6", "--backoff", "10ms", ...FAILS];
  const exit = await broker.run("work", queue, args);
  assert.deepEqual(events(exit, "retried").map(({ delayMs }) => delayMs), Array(5).fill(10));
});

brokerTest("a task with a short delay does not wait behind one with a long one", async (broker) => {
  const queue = broker.taskQueue("5m");
  await broker.send(queue, "long");
  const long = broker.start("work", queue, ["--json", "--backoff", "5m", ...FAILS]);
  await long.event("acked");
  long.kill("SIGTERM");
  await long.exited;
  await broker.send(queue, "short");
  const exit = await broker.run("work", queue, [
    "--json",
    "--count",
    "1",
    "--backoff",
    "10ms",
    ...FAILS,
  ]);
  assert.deepEqual(events(exit, "dead").map(({ attempt }) => attempt), [3]);
  assert.deepEqual(await broker.takeBodies(`${queue}.dead`), ["short"]);
  assert.deepEqual(await broker.takeBodies(`${queue}.retry.5m`), ["long"]);
});

brokerTest(
  "retries on a quorum queue: the dead-letter queue is a quorum queue too",
  async (broker) => {
    const queue = broker.taskQueue();
    const quorum = ["--queue-type", "quorum"];
    await broker.run("send", queue, [...quorum, "task"]);
    const args = [...quorum, "--json", "--until-empty", "--backoff", "10ms", ...FAILS];
    const exit = await broker.run("work", queue, args);
    assert.deepEqual(events(exit, "received").map(({ attempt }) => attempt), [1, 2, 3]);
    const again = await broker.run("send", `${queue}.dead`, ["--queue-type", "classic", "x"]);
    assert.equal(again.code, 65);
    assert.match(again.stderr, /x-queue-type is 'quorum' there/);
    assert.deepEqual(await broker.takeBodies(`${queue}.dead`), ["task"]);
  },
);
