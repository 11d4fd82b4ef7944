/** Moves while the broker goes away and comes back: the task is never in neither place. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ConnectionLost } from "../../src/amqp/errors.ts";
import { RetryQueues } from "../../src/retry/retry_queues.ts";
import { scenario } from "../support/own_brokers.ts";
import { Broker } from "../support/brokers.ts";
import { WorkQueue } from "../support/work_queue.ts";

const HOUR_MS = 3_600_000;

scenario("moves, while the broker comes and goes", {}, async (node, step) => {
  await step("a task that waits for its retry survives a restart, and returns", async () => {
    const queue = await Broker.use(node.url, async (broker) => {
      await using work = await WorkQueue.open(broker);
      const retries = new RetryQueues(work.connection, work.republisher, { queue: work.name });
      await work.publish("x", { persistent: true });
      const original = await work.receive();
      await retries.retry(original, 1_000);
      await retries.retry(original, HOUR_MS);
      work.ack(original);
      await work.channel.close(); // the ack is handled
      await node.stop();
      return work.name;
    });
    await node.start();
    await Broker.use(node.url, async (broker) => {
      await broker.becomesReady(queue, 1);
      const [back] = await broker.take(queue);
      assert.equal(back!.content.toString(), "x");
      assert.equal((await broker.depth(`${queue}.retry.1h`)).ready, 1);
    });
  });

  await step(
    "a killed broker: what was not confirmed is rejected, the original is there",
    async () => {
      const queue = await Broker.use(node.url, async (broker) => {
        await using work = await WorkQueue.open(broker);
        await node.keepDeclarations();
        await work.publish("x", { persistent: true });
        const original = await work.receive();
        await work.republisher.republish(original, work.name); // confirmed: it must be there too
        const body = Buffer.alloc(8_000_000);
        const moves = Array.from(
          { length: 5 },
          () => work.republisher.republish({ ...original, body }, work.name),
        );
        const outcomes = Promise.allSettled(moves);
        await node.kill();
        for (const outcome of await outcomes) {
          if (outcome.status === "rejected") {
            assert.ok(outcome.reason instanceof ConnectionLost);
          }
        }
        await assert.rejects(work.republisher.republish(original, work.name), ConnectionLost);
        return work.name;
      });
      await node.start();
      await Broker.use(node.url, async (broker) => {
        const bodies = (await broker.takeBodies(queue)).filter((body) => body.length === 1);
        assert.deepEqual(bodies, ["x", "x"]);
      });
    },
  );
});
