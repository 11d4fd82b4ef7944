/** What a replay does while others use the same queues, and when it is stopped. */
import assert from "node:assert/strict";
import { Cluster } from "../../src/amqp/cluster.ts";
import { dead, type DeadOptions } from "../../src/dead_letters/dead_letters.ts";
import { parseBrokerUrl } from "../../src/amqp/broker_url.ts";
import type { DeadLettersContext } from "../../src/dead_letters/dead_letters.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";

function replayOptions(broker: Broker, queue: string, deadLetterQueue: string): DeadOptions {
  return {
    connection: new Cluster({
      urls: [parseBrokerUrl(broker.url)],
      tls: { insecure: false },
      name: "worktool test",
      version: "0",
      timeoutMs: 30_000,
      heartbeatSeconds: 0,
      onConnected() {},
      onBlocked() {},
      onUnblocked() {},
    }),
    queue,
    deadLetterQueue,
    action: "replay",
    selection: {},
    confirmTimeoutMs: 30_000,
  };
}

/** Queues with three dead letters, and a replay that stops after each of them. */
async function replayStepwise(
  broker: Broker,
  workQueueArguments: (deadLetterQueue: string) => Record<string, unknown>,
  step: (queues: { queue: string; deadLetterQueue: string }) => Promise<void>,
  stop = new AbortController().signal,
) {
  const [queue, deadLetterQueue] = [broker.queue(), broker.queue()];
  await broker.declareQueue(queue, { arguments: workQueueArguments(deadLetterQueue) });
  await broker.send(deadLetterQueue, "a", "b", "c");
  const context: DeadLettersContext = {
    stop,
    onEvent() {},
    outputRoom: () => step({ queue, deadLetterQueue }),
  };
  const summary = await dead(replayOptions(broker, queue, deadLetterQueue), context);
  return { summary, queue, deadLetterQueue };
}

brokerTest("a dead letter that comes back during its replay is left alone", async (broker) => {
  let steps = 0;
  const { summary, deadLetterQueue } = await replayStepwise(
    broker,
    (deadLetterQueue) => ({
      "x-message-ttl": 0, // dies at once
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": deadLetterQueue,
    }),
    async ({ deadLetterQueue }) => {
      if (++steps > 1) return;
      // Somebody else takes the others, so that "a" is among the first three again.
      await broker.becomesReady(deadLetterQueue, 3);
      await broker.takeFirst(deadLetterQueue, 2);
    },
  );
  assert.deepEqual(
    [summary.failure, summary.looked, summary.matched, summary.replayed],
    [undefined, 2, 1, 1],
  );
  assert.deepEqual(await broker.takeBodies(deadLetterQueue), ["a"]);
});

brokerTest(
  "a stopped replay has settled what it began, and gives back the rest",
  async (broker) => {
    const stop = new AbortController();
    const step = () => Promise.resolve(stop.abort("SIGINT"));
    const { summary, queue, deadLetterQueue } = await replayStepwise(
      broker,
      () => ({}),
      step,
      stop.signal,
    );
    assert.deepEqual([summary.failure, summary.replayed, summary.complete], [undefined, 1, false]);
    assert.deepEqual(await broker.takeBodies(queue), ["a"]);
    assert.deepEqual(await broker.takeBodies(deadLetterQueue), ["b", "c"]);
  },
);

brokerTest("a dead-letter queue deleted in the middle ends the replay in order", async (broker) => {
  let steps = 0;
  const { summary, queue } = await replayStepwise(broker, () => ({}), async (queues) => {
    if (++steps === 1) await broker.deleteQueue(queues.deadLetterQueue);
  });
  assert.equal(summary.complete, false);
  assert.ok(summary.failure);
  assert.deepEqual(await broker.takeBodies(queue), ["a"]);
});
