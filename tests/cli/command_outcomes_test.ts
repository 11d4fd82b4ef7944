/** `work -- command`: how the command ends decides what becomes of its task. */
import assert from "node:assert/strict";
import { isSince } from "../support/broker_list.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { processesEnd } from "../support/processes.ts";
import { events, type Exit } from "../support/worktool.ts";

/** Runs `sh -c SCRIPT` for one task, which is tried twice at the most. */
async function runOnce(
  broker: Broker,
  script: string,
  ...flags: readonly string[]
): Promise<{ exit: Exit; queue: string; outcomes: string[] }> {
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  const exit = await broker.run("work", queue, [
    ...[
      "--json",
      "--until-empty",
      ...RETRIES.filter(() => !flags.includes("--no-retry")),
      ...flags,
    ],
    ...["--", "sh", "-c", script],
  ]);
  const all = events(exit).map(({ event }) => event as string);
  return { exit, queue, outcomes: all.filter((event) => TASK_EVENTS.includes(event)) };
}

const RETRIES = ["--attempts", "2", "--backoff", "10ms"];
const TASK_EVENTS = ["done", "failed", "acked", "retried", "dead", "rejected", "requeued"];

const DONE = ["done", "acked"];
const RETRIED = ["failed", "retried", "acked"];
const DEAD = ["failed", "dead", "acked"];
const REJECTED = ["failed", "rejected"];
const SLEEPS = "exec sleep 1000";

/** The outcome table. What is killed by worktool sleeps for ever. */
const OUTCOMES: readonly (readonly [
  script: string,
  flags: readonly string[],
  outcomes: readonly string[],
  exitCode: number,
])[] = [
  ["exit 0", [], DONE, 0],
  ["exit 65", [], DEAD, 1],
  ["exit 75", [], [...RETRIED, ...DEAD], 1],
  ["exit 1", [], [...RETRIED, ...DEAD], 1],
  ["exit 255", [], [...RETRIED, ...DEAD], 1],
  ["kill -SEGV $$", [], [...RETRIED, ...DEAD], 1],
  [SLEEPS, ["--timeout", "50ms"], [...RETRIED, ...DEAD], 1],
  ["exit 1", ["--no-retry"], DEAD, 1],
  ["exit 75", ["--on-exit", "75=ack"], DONE, 0],
  ["exit 3", ["--on-exit", "0=ack,3=reject"], REJECTED, 1],
  ["exit 64", ["--on-exit", "64-78=dead"], DEAD, 1],
  ["exit 78", ["--on-exit", "64-78=dead"], DEAD, 1],
  ["exit 79", ["--on-exit", "64-78=dead,*=reject"], REJECTED, 1],
  ["exit 65", ["--on-exit", "*=ack"], DEAD, 1], // it has a rule of its own
  ["exit 0", ["--on-exit", "0=dead"], DEAD, 1],
  ["exit 127", ["--on-exit", "127=dead"], DEAD, 1],
  ["kill -KILL $$", ["--on-exit", "signal=dead"], DEAD, 1],
  ["kill -TERM $$", ["--on-exit", "signal=ack"], DONE, 0],
  [SLEEPS, ["--timeout", "50ms", "--on-exit", "timeout=dead,signal=ack"], DEAD, 1],
  [
    "trap 'exit 0' TERM; while :; do sleep 0.01; done",
    [
      ...["--timeout", "2s", "--on-exit", "timeout=reject"],
    ],
    REJECTED,
    1,
  ],
];

for (const [script, flags, expected, exitCode] of OUTCOMES) {
  brokerTest(`outcome: ${script} ${flags.join(" ")}`, async (broker) => {
    const { exit, queue, outcomes } = await runOnce(broker, script, ...flags);
    assert.deepEqual(outcomes, expected, exit.stderr);
    assert.equal(exit.code, exitCode);
    const dead = expected.includes("dead") ? 1 : 0;
    assert.equal((await broker.depth(`${queue}.dead`)).ready, dead);
    assert.equal((await broker.depth(queue)).ready, 0);
  });
}

/** What shows at a task only; what shows before is in command_missing_test.ts. */
const UNUSABLE = {
  "a shell that finds no command": [["sh", "-c", "no-such-command"], /exit status 127/],
} as const;

for (const [what, [command, message]] of Object.entries(UNUSABLE)) {
  brokerTest(`${what} stops the worker, the tasks are back untouched`, async (broker) => {
    const queue = broker.taskQueue();
    await broker.publish(queue, "1", { messageId: "id-1", headers: { a: 1 } });
    await broker.publish(queue, "2");
    const args = ["--concurrency", "2", "--", ...command];
    const { code, stderr } = await broker.run("work", queue, args);
    assert.equal(code, 1);
    assert.match(stderr, /worktool: the command cannot be run: /);
    assert.match(stderr, message);
    const left = await broker.take(queue);
    assert.deepEqual(left.map(({ content }) => content.toString()), ["1", "2"]);
    assert.equal(left[0]!.properties.messageId, "id-1");
    const { a, "x-worktool-attempts": attempts } = left[0]!.properties.headers!;
    assert.deepEqual([a, attempts], [1, 0]);
    assert.equal((await broker.depth(`${queue}.dead`)).ready, 0);
  });
}

brokerTest(
  "a rejected task goes where the queue's own dead-letter exchange says",
  async (broker) => {
    const queue = broker.taskQueue();
    const own = broker.queue();
    await broker.declareQueue(own, {});
    const policy = [
      ...[
        "--queue-arg",
        "x-dead-letter-exchange=",
        "--queue-arg",
        `x-dead-letter-routing-key=${own}`,
      ],
    ];
    await broker.run("send", queue, [...policy, "task"]);
    const { code, stderr } = await broker.run("work", queue, [
      ...[...policy, "--until-empty", "--on-exit", "3=reject", "--", "sh", "-c", "exit 3"],
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /1 rejected/);
    await broker.becomesReady(own, 1);
    const [message] = await broker.take(own);
    assert.equal(message!.properties.headers!["x-death"]![0]!.reason, "rejected");
    assert.equal((await broker.depth(`${queue}.dead`)).ready, 0);
  },
);

brokerTest("--timeout ends the whole process group", async (broker) => {
  const { exit } = await runOnce(
    broker,
    "sleep 1000 & echo $! $$; wait",
    ...["--timeout", "2s", "--no-retry"],
  );
  const [failed] = events(exit, "failed");
  assert.equal(failed!.reason, "timeout after 2s");
  assert.equal(failed!.signal, "SIGTERM");
  const pids = (events(exit, "output")[0]!.text as string).trim().split(" ").map(Number);
  await processesEnd(...pids);
});

brokerTest("a command that ignores SIGTERM is killed after --kill-after", async (broker) => {
  const { exit, queue } = await runOnce(
    broker,
    "trap '' TERM; sleep 1000 & echo $! $$; wait; wait",
    ...["--timeout", "2s", "--kill-after", "100ms", "--no-retry"],
  );
  const [failed] = events(exit, "failed");
  assert.equal(failed!.signal, "SIGKILL");
  const pids = (events(exit, "output")[0]!.text as string).trim().split(" ").map(Number);
  await processesEnd(...pids);
  const [dead] = await broker.take(`${queue}.dead`);
  assert.equal(dead!.properties.headers!["x-worktool-reason"], "timeout after 2s");
  assert.equal(dead!.properties.headers!["x-worktool-signal"], "SIGKILL");
});

brokerTest("a --timeout beyond the broker's consumer timeout is warned of", async (broker) => {
  for (
    const [flags, warned] of [
      [["--timeout", "31m"], !isSince(broker.release, "4.3")], // which is asked for more
      [["--timeout", "30m"], false],
      [[], false],
    ] as const
  ) {
    const args = [...flags, "--until-empty", "--", "true"];
    const { stderr } = await broker.run("work", broker.taskQueue(), args);
    assert.equal(
      /--timeout is longer than this broker waits/.test(stderr),
      warned,
      flags.join(" "),
    );
  }
});
