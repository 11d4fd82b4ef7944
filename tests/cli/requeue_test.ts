/**
 * Tasks that a worker gives back were not tried: no number of restarts may use their attempts up.
 */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";
import { events } from "../support/worktool.ts";

/** As a shell tells it: a command that is missing from the start is never run. */
const MISSING = ["sh", "-c", "exit 127"];

for (const type of ["classic", "quorum"]) {
  const typed = ["--queue-type", type];

  brokerTest(`prefetched tasks of a ${type} queue that were not started`, async (broker) => {
    const queue = broker.taskQueue();
    for (const task of ["1", "2", "3"]) await broker.run("send", queue, [...typed, task]);
    const flags = ["--json", ...typed, "--attempts", "1", "--prefetch", "3", "--grace", "0s"];
    const first = broker.start("work", queue, [...flags, "--", "sleep", "1000"]);
    await first.event("received");
    await broker.becomesReady(queue, 0);
    first.kill("SIGTERM");
    const exit = await first.exited;
    assert.deepEqual(events(exit, "requeued").map(({ attempt }) => attempt), [1, 1, 1]);
    assert.equal(events(exit).at(-1)!.requeued, 3);
    const successor = await broker.run("work", queue, [...flags, "--until-empty", "--", "true"]);
    assert.equal(successor.code, 0, successor.stderr);
    const received = events(successor, "received").map(({ body, attempt }) => [body, attempt]);
    assert.deepEqual(received, [["1", 1], ["2", 1], ["3", 1]]); // still in their order
  });

  brokerTest(`a task of a ${type} queue that outlasts --grace again and again`, async (broker) => {
    const queue = broker.taskQueue();
    await broker.run("send", queue, [...typed, "task"]);
    const flags = ["--json", ...typed, "--attempts", "2", "--grace", "0s"];
    for (let restart = 0; restart < 4; restart++) {
      const worker = broker.start("work", queue, [...flags, "--", "sleep", "1000"]);
      const { attempt } = await worker.event("received");
      assert.equal(attempt, 1);
      worker.kill("SIGTERM");
      assert.equal((await worker.exited).code, 0);
    }
    assert.deepEqual(await broker.takeBodies(queue), ["task"]);
  });

  brokerTest(
    `a task of a ${type} queue whose script misses its command again and again`,
    async (broker) => {
      const queue = broker.taskQueue();
      const send = ["--message-id", "id-1", "-H", "own: 1", "task"];
      await broker.run("send", queue, [...typed, ...send]);
      for (let restart = 0; restart < 4; restart++) {
        const exit = await broker.run("work", queue, [...typed, "--", ...MISSING]);
        assert.equal(exit.code, 1);
      }
      assert.equal((await broker.depth(`${queue}.dead`)).ready, 0);
      const [task] = await broker.take(queue);
      assert.equal(task!.content.toString(), "task");
      assert.equal(task!.properties.messageId, "id-1");
      const { own, ...headers } = task!.properties.headers!;
      assert.equal(own, "1");
      const { "x-delivery-count": count = 0, ...ours } = headers;
      assert.equal(count, 0);
      assert.deepEqual(ours, {
        "x-worktool-exchange": "",
        "x-worktool-routing-key": queue,
        "x-worktool-attempts": 0,
      });
    },
  );
}
