/** `work -- command` and signals: what runs may end, and nothing is ever left behind. */
import assert from "node:assert/strict";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { Gate } from "../support/gate.ts";
import { eventually } from "../support/deadline.ts";
import { isRunning, processesEnd } from "../support/processes.ts";
import { events, type Worktool } from "../support/worktool.ts";

/** A command with a child, both of which end only when they are made to, and tell their ids. */
const FAMILY = ["sh", "-c", "sleep 1000 & echo pids $! $$; wait"];
/** The same, which ignores SIGTERM. */
const IGNORING_FAMILY = [
  ...["sh", "-c", "trap '' TERM; sleep 1000 & echo pids $! $$; while :; do wait; done"],
];

/** Starts a worker with one task, and waits until its command and that one's child run. */
async function startFamily(
  broker: Broker,
  command: readonly string[],
  ...flags: readonly string[]
): Promise<{ worker: Worktool; queue: string; pids: number[] }> {
  const queue = broker.taskQueue();
  await broker.publish(queue, "task", { messageId: "id-1" });
  const worker = broker.start("work", queue, [...flags, "--", ...command]);
  const line = await worker.line(/^pids /);
  return { worker, queue, pids: line.split(" ").slice(1).map(Number) };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  brokerTest(`${signal} lets the commands that run finish`, async (broker) => {
    const queue = broker.taskQueue();
    await using gate = await Gate.make();
    await broker.send(queue, "1", "2", "3");
    const worker = broker.start("work", queue, [
      ...["--concurrency", "2", "--json", "--", "sh", "-c", 'read _ < "$0"', gate.path],
    ]);
    await worker.printed(2, /^{"event":"received"/);
    worker.kill(signal);
    assert.equal((await worker.event("stopping")).running, 2);
    await gate.open(2);
    const exit = await worker.exited;
    assert.equal(exit.code, 0);
    const { reason, done, requeued } = events(exit).at(-1)!;
    assert.deepEqual([reason, done, requeued], [signal, 2, 0]);
    assert.deepEqual(await broker.takeBodies(queue), ["3"]);
  });
}

brokerTest("Ctrl-C in a terminal reaches worktool alone, not its commands", async (broker) => {
  const { worker, pids } = await startFamily(broker, FAMILY, "--grace", "100ms");
  const stat = await Deno.readTextFile(`/proc/${pids[0]}/stat`);
  const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  assert.deepEqual([group, session], [pids[1], pids[1]]); // both are the command's own
  worker.kill("SIGINT");
  await worker.exited;
});

for (
  const [command, flags] of [
    [FAMILY, ["--grace", "0s"]],
    [IGNORING_FAMILY, ["--grace", "50ms", "--kill-after", "50ms"]],
  ] as const
) {
  const ignoring = command === IGNORING_FAMILY ? " that ignores SIGTERM" : "";
  brokerTest(
    `after --grace a command${ignoring} is ended with all its group, the task is back`,
    async (broker) => {
      const { worker, queue, pids } = await startFamily(broker, command, ...flags);
      worker.kill("SIGTERM");
      const { code, stderr } = await worker.exited;
      assert.equal(code, 0);
      assert.match(stderr, /Stopped: SIGTERM\. 0 done, 0 redelivered, 1 given back/);
      await processesEnd(...pids);
      const [task] = await broker.take(queue);
      assert.equal(task!.content.toString(), "task");
      assert.equal(task!.properties.headers!["x-worktool-attempts"], 0);
      assert.equal((await broker.depth(`${queue}.dead`)).ready, 0);
    },
  );
}

for (const command of [FAMILY, IGNORING_FAMILY]) {
  const ignoring = command === IGNORING_FAMILY ? " that ignores SIGTERM" : "";
  brokerTest(
    `the second signal ends a command${ignoring} with all its group, the task is back`,
    async (broker) => {
      const { worker, queue, pids } = await startFamily(broker, command);
      worker.kill("SIGTERM");
      await worker.line(/SIGTERM: no more tasks; waiting up to 30\.0 s for the one that runs/);
      for (const pid of pids) assert.ok(isRunning(pid));
      assert.equal((await worker.killAgain("SIGTERM")).code, 143);
      await processesEnd(...pids);
      await broker.becomesReady(queue, 1);
    },
  );

  brokerTest(`kill -9 of worktool leaves no orphan of a command${ignoring}`, async (broker) => {
    const { worker, queue, pids } = await startFamily(broker, command);
    worker.kill("SIGKILL");
    assert.equal((await worker.exited).code, 137);
    await processesEnd(...pids);
    await broker.becomesReady(queue, 1);
  });
}

for (const [how, signal] of [["a kill -9", "SIGKILL"], ["two signals", "SIGINT"]] as const) {
  brokerTest(`${how} of worktool leaves no file with a body behind`, async (broker) => {
    const tmp = await Deno.makeTempDir();
    try {
      const queue = broker.taskQueue();
      await broker.send(queue, "task");
      const args = ["--body", "file", "--", ...FAMILY];
      const worker = broker.start("work", queue, args, { env: { TMPDIR: tmp } });
      const pids = (await worker.line(/^pids /)).split(" ").slice(1).map(Number);
      worker.kill(signal);
      if (signal === "SIGINT") await worker.killAgain(signal);
      await worker.exited;
      await processesEnd(...pids);
      await eventually(
        "an empty directory",
        () => [...Deno.readDirSync(tmp)].length === 0,
      );
    } finally {
      await Deno.remove(tmp, { recursive: true });
    }
  });
}

brokerTest("an orderly stop leaves neither guard nor file", async (broker) => {
  const tmp = await Deno.makeTempDir();
  try {
    const queue = broker.taskQueue();
    await broker.send(queue, "1", "2");
    const args = ["--until-empty", "--", "sh", "-c", "ps -o pid= --ppid $PPID"];
    const exit = await broker.run("work", queue, args, { env: { TMPDIR: tmp } });
    assert.equal(exit.code, 0);
    const children = exit.stdout.trim().split(/\s+/).map(Number);
    assert.ok(children.length >= 4); // the guard and two commands, and ps is a grandchild
    assert.deepEqual(children.filter(isRunning), []);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(tmp)), []);
  } finally {
    await Deno.remove(tmp, { recursive: true });
  }
});
