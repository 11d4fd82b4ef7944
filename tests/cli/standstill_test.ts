/** A worker that stood still for longer than its heartbeat: it claims no ack that nobody heard. */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";
import { events, story, type Worktool } from "../support/worktool.ts";

const FLAGS = ["--heartbeat", "1s", "--reconnect-delay", "10ms..50ms", "--json"];

/** Stops the process until the broker has given its tasks back, and lets it go on. */
async function standStill(worker: Worktool, givenBack: () => Promise<void>): Promise<void> {
  worker.kill("SIGSTOP");
  try {
    await givenBack();
  } finally {
    worker.kill("SIGCONT");
  }
}

for (
  const [work, how] of [
    ["pretended work", ["--dot", "500ms"]],
    ["a command", ["--", "sleep", "0.5"]],
  ] as const
) {
  brokerTest(
    `${work} that ends after a standstill is neither acked nor counted`,
    async (broker) => {
      const queue = broker.taskQueue();
      await broker.send(queue, "slow.");
      const worker = broker.start("work", queue, ["--count", "1", ...FLAGS, ...how]);
      await worker.event("received");
      await standStill(worker, () => broker.becomesReady(queue, 1));
      const exit = await worker.exited;
      assert.equal(exit.code, 0, exit.stderr);
      const told = story(exit);
      const before = told.slice(0, told.indexOf("reconnected"));
      assert.deepEqual(before.sort(), ["done", "received", "reconnecting", "unsettled", "waiting"]);
      const { done, unsettled, reason } = events(exit).at(-1)!;
      assert.deepEqual({ done, unsettled, reason }, { done: 1, unsettled: 1, reason: "count" });
      assert.deepEqual(await broker.takeBodies(queue), []);
    },
  );
}
