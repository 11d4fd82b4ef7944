/**
 * Tasks whose worker is killed: counted as far as the broker tells, and ended when they have had
 * enough.
 */
import assert from "node:assert/strict";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { events, story } from "../support/worktool.ts";

/** Kills worktool itself, as the kernel does when memory is short: it is the command's parent. */
const POISON = ["sh", "-c", '[ "$(cat)" != poison ] || kill -KILL $PPID'];
const TYPES = ["classic", "quorum"] as const;

/** Starts workers until one of them ends in order. */
async function workUntilItEnds(broker: Broker, queue: string, flags: readonly string[]) {
  for (let killed = 0; killed < 10; killed++) {
    const exit = await broker.run("work", queue, [
      ...["--json", "--until-empty", "--backoff", "10ms", ...flags, "--", ...POISON],
    ]);
    if (exit.code !== 137) return { exit, killed };
    await broker.becomesUnconsumed(queue); // what it had is back
  }
  throw new Error("the poison task kills its workers for ever");
}

for (const type of TYPES) {
  brokerTest(`a poison task on a ${type} queue ends in the dead-letter queue`, async (broker) => {
    const queue = broker.taskQueue();
    const typed = ["--queue-type", type];
    await broker.run("send", queue, [...typed, "poison"]);
    const { exit, killed } = await workUntilItEnds(broker, queue, typed);
    assert.equal(killed, 3);
    assert.equal(exit.code, 1);
    assert.deepEqual(events(exit, "received"), []); // it was not run a fourth time
    const [dead] = await broker.take(`${queue}.dead`);
    assert.equal(dead!.content.toString(), "poison");
    const headers = dead!.properties.headers!;
    assert.equal(headers["x-worktool-attempts"], 3);
    assert.equal(
      headers["x-worktool-reason"],
      "no attempt left: its worker died, or lost its connection",
    );
    assert.equal((await broker.depth(queue)).ready, 0);
  });

  brokerTest(`the others on its ${type} queue are done meanwhile`, async (broker) => {
    const queue = broker.taskQueue();
    const typed = ["--queue-type", type];
    for (const task of ["1", "poison", "2"]) await broker.run("send", queue, [...typed, task]);
    const { exit } = await workUntilItEnds(broker, queue, [...typed, "--attempts", "2"]);
    assert.equal(exit.code, 1);
    assert.deepEqual(await broker.takeBodies(`${queue}.dead`), ["poison"]);
    assert.equal((await broker.depth(queue)).ready, 0);
  });
}

brokerTest(
  "a redelivered task of a classic queue goes to the tail with its count",
  async (broker) => {
    const queue = broker.taskQueue();
    await broker.publish(queue, "first", { messageId: "id-1", headers: { own: 1 } });
    await broker.publish(queue, "second");
    const victim = broker.start("work", queue, ["--json", "--", "sleep", "1000"]);
    await victim.event("received");
    victim.kill("SIGKILL");
    await victim.exited;
    await broker.becomesReady(queue, 2);
    const script = 'cat; echo " $WORKTOOL_REDELIVERED $WORKTOOL_PROPERTIES"';
    const exit = await broker.run("work", queue, [
      ...["--json", "--until-empty", "--", "sh", "-c", script],
    ]);
    assert.equal(exit.code, 0);
    assert.deepEqual(events(exit, "recounted").map(({ messageId }) => messageId), ["id-1"]);
    const received = events(exit, "received").map(({ body, attempt }) => [body, attempt]);
    assert.deepEqual(received, [["second", 1], ["first", 2]]);
    const outputs = events(exit, "output").map(({ text }) => text as string);
    const [, told] = /^first false (.*)\n/.exec(outputs.join("").replace(/^second.*\n/, ""))!;
    const { headers, messageId } = JSON.parse(told!);
    assert.equal(messageId, "id-1");
    assert.deepEqual([headers.own, headers["x-worktool-attempts"]], [1, 1]);
  },
);

brokerTest(
  "with --no-retry nothing is counted: a task that was given back just runs",
  async (broker) => {
    const queue = broker.taskQueue();
    await broker.send(queue, "task");
    const victim = broker.start("work", queue, ["--json", "--", "sleep", "1000"]);
    await victim.event("received");
    victim.kill("SIGKILL");
    await victim.exited;
    await broker.becomesReady(queue, 1);
    const exit = await broker.run("work", queue, [
      "--json",
      "--until-empty",
      "--no-retry",
      "--",
      "true",
    ]);
    assert.deepEqual(story(exit), [
      ...["waiting", "received", "done", "acked", "stopped"],
    ]);
  },
);

brokerTest(
  "a forged count of attempts gives up its own task at most, and crashes nothing",
  async (broker) => {
    const queue = broker.taskQueue();
    const nonsense = [-1, 1.5, 2 ** 40, "2", true, null, { deep: 1 }, [1]];
    for (const count of nonsense) {
      await broker.publish(queue, "runs", { headers: { "x-worktool-attempts": count } });
    }
    await broker.publish(queue, "tried", { headers: { "x-worktool-attempts": 2 ** 31 - 1 } });
    await broker.publish(queue, "last");
    const exit = await broker.run("work", queue, [
      ...["--until-empty", "--backoff", "10ms", "--json", "--", "true"],
    ]);
    assert.equal(exit.code, 1, exit.stderr); // one is given up
    const run = events(exit, "received").map(({ body }) => body);
    assert.deepEqual(run, [...nonsense.map(() => "runs"), "last"]);
    assert.deepEqual(await broker.takeBodies(`${queue}.dead`), ["tried"]);
  },
);
