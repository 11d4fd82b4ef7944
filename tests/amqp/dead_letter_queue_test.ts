/** Where tasks go that are given up, and what is written on them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Death, deathOf } from "../../src/retry/dead_letter.ts";
import { DeadLetterQueue } from "../../src/retry/dead_letter_queue.ts";
import { deadLetterQueueName } from "../../src/retry/queue_names.ts";
import { brokerTest } from "../support/brokers.ts";
import { WorkQueue } from "../support/work_queue.ts";

function death(work: WorkQueue): Death {
  return {
    queue: work.name,
    attempts: 3,
    reason: "exit status 1",
    exitStatus: 1,
    stderr: "no such file\n",
    at: new Date("2026-01-02T03:04:05.678Z"),
    worker: "C1",
  };
}

brokerTest("a dead letter keeps what it had and gains the reason", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const name = broker.derivedQueue(deadLetterQueueName(work.name));
  const dead = new DeadLetterQueue(work.connection, work.republisher, {
    name,
    isQuorum: () => Promise.resolve(false),
  });
  await work.publish("x", {
    messageId: "m",
    persistent: true,
    expiration: "1000000",
    headers: { mine: "1", "x-worktool-signal": "SIGHUP" }, // of an earlier death
  });
  await dead.add(await work.receive(), death(work));
  const letter = await work.receive(name);
  const { headers, ...properties } = letter.properties;
  assert.equal(properties.messageId, "m");
  assert.equal(properties.deliveryMode, 2);
  assert.equal(properties.expiration, undefined);
  assert.deepEqual({ ...headers }, {
    mine: "1",
    "x-worktool-exchange": "",
    "x-worktool-routing-key": work.name,
    "x-worktool-expiration": "1000000",
    "x-worktool-queue": work.name,
    "x-worktool-attempts": 3,
    "x-worktool-reason": "exit status 1",
    "x-worktool-exit-status": 1,
    "x-worktool-stderr": "no such file\n",
    "x-worktool-dead-at": "2026-01-02T03:04:05.678Z",
    "x-worktool-worker": "C1",
  });
  assert.deepEqual(deathOf(letter), death(work));
});

brokerTest("the dead-letter queue is durable, and a quorum queue where told", async (broker) => {
  await using work = await WorkQueue.open(broker);
  for (const quorum of [false, true]) {
    const name = broker.queue();
    await new DeadLetterQueue(work.connection, work.republisher, {
      name,
      isQuorum: () => Promise.resolve(quorum),
    }).declare();
    const args = quorum ? { "x-queue-type": "quorum", "x-delivery-limit": 2 ** 31 - 1 } : {};
    await broker.declareQueue(name, { durable: true, arguments: args }); // 406 if it were not
  }
});

brokerTest("a quorum dead-letter queue keeps what is looked at again and again", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const name = broker.queue();
  await new DeadLetterQueue(work.connection, work.republisher, {
    name,
    isQuorum: () => Promise.resolve(true),
  }).declare();
  await work.publish("x", {}, ["", name]);
  for (let look = 0; look < 25; look++) work.requeue(await work.receive(name));
  assert.equal(Buffer.from((await work.receive(name)).body).toString(), "x");
});

brokerTest("a dead-letter queue that exists is used as it is", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const name = broker.queue();
  await broker.declareQueue(name, { durable: false, arguments: { "x-max-length": 7 } });
  const dead = new DeadLetterQueue(work.connection, work.republisher, {
    name,
    isQuorum: () => Promise.resolve(true),
  });
  await dead.declare();
  await work.publish("x");
  await dead.add(await work.receive(), death(work));
  assert.deepEqual(await broker.takeBodies(name), ["x"]);
});

brokerTest("workers that start together all get their dead-letter queue", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const name = broker.queue();
  const queues = Array.from(
    { length: 10 },
    (_, n) =>
      new DeadLetterQueue(work.connection, work.republisher, {
        name,
        isQuorum: () => Promise.resolve(n % 2 === 0),
      }),
  );
  await Promise.all(queues.map((queue) => queue.declare()));
  assert.equal((await broker.depth(name)).ready, 0);
});
