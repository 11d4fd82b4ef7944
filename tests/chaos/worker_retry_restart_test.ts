/** Tasks that wait for their next attempt while the broker is restarted. */
import assert from "node:assert/strict";
import { scenario } from "../support/own_brokers.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";
import { Broker } from "../support/brokers.ts";
import { eventually } from "../support/deadline.ts";
import { Worktool } from "../support/worktool.ts";

const TASKS = 100;

/** Waits until each task has come back; one may twice: a quorum queue may hand it over again. */
async function comeBack(broker: Broker, queue: string): Promise<void> {
  const tasks = new Set<unknown>();
  await eventually(() => `${TASKS} tasks in ${queue}, ${tasks.size} have come`, async () => {
    for (const { properties } of await broker.take(queue)) tasks.add(properties.messageId);
    return tasks.size === TASKS;
  });
}

scenario("tasks that wait for a retry survive a restart", {}, async (node, step) => {
  for (
    const [type, backoff] of [
      // None comes back while RabbitMQ stops: from a classic queue it may get lost then
      // (docs/worker.md).
      ["classic", node instanceof PrivateRabbitMq ? "20s" : "5s"],
      // The time of most is over when the broker is there again.
      ["quorum", "2s"],
    ] as const
  ) {
    await step(`of the broker, whose work queue is a ${type} queue`, async () => {
      const queue = `restart ${type}`;
      const declaration = ["--queue-type", type];
      await Broker.use(node.url, async (broker) => {
        const sent = await broker.run("send", queue, [...declaration, "--count", `${TASKS}`, "x"]);
        assert.equal(sent.code, 0, sent.stderr);
        await using worker = broker.startApart("work", queue, [
          ...[...declaration, "--concurrency", "4", "--backoff", backoff, "--json", "--", "false"],
        ]);
        await Worktool.linesOfAll([worker], /"event":"retried"/, TASKS);
        worker.kill("SIGTERM");
        assert.equal((await worker.exited).code, 0);
      });
      await node.stop();
      await node.start();
      await Broker.use(node.url, (broker) => comeBack(broker, queue));
    });
  }
});
