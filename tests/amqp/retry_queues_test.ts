/**
 * Waiting at the broker: delays that do not block each other, and leases that cannot lose a task.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ChannelClosed, ConnectionLost, DeadlineExceeded } from "../../src/amqp/errors.ts";
import { retryQueueName } from "../../src/retry/queue_names.ts";
import { retryQueueDeclaration, RetryQueues } from "../../src/retry/retry_queues.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { WorkQueue } from "../support/work_queue.ts";

const HOUR_MS = 3_600_000;

function retryQueues(work: WorkQueue, broker: Broker, ...delaysMs: number[]): RetryQueues {
  for (const delayMs of delaysMs) broker.derivedQueue(retryQueueName(work.name, delayMs));
  return new RetryQueues(work.connection, work.republisher, { queue: work.name });
}

brokerTest("a failed task comes back to its queue with what it had", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const retries = retryQueues(work, broker, 1);
  await work.publish("x", { headers: { mine: "1" }, messageId: "m", expiration: "600000" });
  const original = await work.receive();
  await retries.retry(original, 1, { "x-worktool-attempts": 1 });
  work.ack(original);
  const again = await work.receive();
  assert.equal(again.redelivered, false);
  assert.equal(again.messageId, "m");
  const { headers, expiration } = again.properties;
  assert.equal(expiration, undefined);
  assert.equal(headers!.mine, "1");
  assert.equal(headers!["x-worktool-attempts"], 1);
  assert.equal(headers!["x-worktool-routing-key"], work.name);
});

brokerTest(
  "a task may come back any number of times, and its headers do not grow",
  async (broker) => {
    await using work = await WorkQueue.open(broker);
    const retries = retryQueues(work, broker, 1, 2);
    await work.publish("x");
    const sizes = [];
    for (let n = 1; n <= 6; n++) {
      const delivery = await work.receive();
      const deaths = delivery.properties.headers?.["x-death"] as unknown[] | undefined;
      sizes.push(deaths?.length ?? 0);
      await retries.retry(delivery, 1 + n % 2, { "x-worktool-attempts": n });
      work.ack(delivery);
    }
    assert.deepEqual(sizes, [0, 1, 1, 1, 1, 1]);
    assert.equal((await work.receive()).properties.headers!["x-worktool-attempts"], 6);
  },
);

brokerTest("a task that once expired in its queue comes back too", async (broker) => {
  // The broker drops a dead letter that goes in a circle; it must not take a retry for one.
  await using work = await WorkQueue.open(broker);
  const retries = retryQueues(work, broker, 1);
  const deaths = (reason: string) => [
    { queue: work.name, reason, count: 1, exchange: "", "routing-keys": [work.name] },
  ];
  for (const reason of ["expired", "maxlen", "delivery_limit", "rejected"]) {
    await work.publish(reason, { headers: { "x-death": deaths(reason) } });
    const original = await work.receive();
    await retries.retry(original, 1);
    work.ack(original);
    const again = await work.receive();
    assert.equal(Buffer.from(again.body).toString(), reason);
    work.ack(again);
  }
});

brokerTest("deaths that no broker has written do not stop a task", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const retries = retryQueues(work, broker, 1);
  await work.publish("x", { headers: { "x-death": [5, null, {}, { queue: 1 }, { queue: "q" }] } });
  const original = await work.receive();
  await retries.retry(original, 1);
  work.ack(original);
  assert.equal(Buffer.from((await work.receive()).body).toString(), "x");
});

brokerTest("a short delay does not wait behind a long one", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const retries = retryQueues(work, broker, HOUR_MS, 1);
  for (const [body, delayMs] of [["long", HOUR_MS], ["short", 1]] as const) {
    await work.publish(body);
    const original = await work.receive();
    await retries.retry(original, delayMs);
    work.ack(original);
  }
  assert.equal(Buffer.from((await work.receive()).body).toString(), "short");
  assert.equal(await retries.waiting(), 1);
});

brokerTest("what waits is counted, in the queues of this run and no others", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const retries = retryQueues(work, broker, HOUR_MS, 2 * HOUR_MS);
  assert.equal(await retries.waiting(), 0);
  await work.publish("x");
  const original = await work.receive();
  for (const hours of [1, 2, 2]) await retries.retry(original, hours * HOUR_MS);
  assert.equal(await retries.waiting(), 3);
  const stranger = new RetryQueues(work.connection, work.republisher, { queue: work.name });
  assert.equal(await stranger.waiting(), 0);
  const used = new Map([[retryQueueName(work.name, 2 * HOUR_MS), 2]]);
  const successor = new RetryQueues(work.connection, work.republisher, { queue: work.name, used });
  assert.equal(await successor.waiting(), 2);
});

brokerTest("a queue that was found empty is not looked at again", async (broker) => {
  await using work = await WorkQueue.open(broker);
  broker.derivedQueue(retryQueueName(work.name, 1));
  const used = new Map<string, number>();
  const retries = new RetryQueues(work.connection, work.republisher, { queue: work.name, used });
  await work.publish("x");
  const original = await work.receive();
  await retries.retry(original, 1);
  assert.equal(used.size, 1);
  work.ack(original);
  await work.receive();
  assert.equal(await retries.waiting(), 0);
  assert.equal(used.size, 0);
});

brokerTest("many retries at the same time declare each queue once", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const retries = retryQueues(work, broker, HOUR_MS, 2 * HOUR_MS);
  await work.publish("x");
  const original = await work.receive();
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => retries.retry(original, (1 + n % 2) * HOUR_MS)),
  );
  assert.equal((await broker.depth(retryQueueName(work.name, HOUR_MS))).ready, 25);
  assert.equal(await retries.waiting(), 50);
});

brokerTest("a retry queue that somebody deleted is declared again", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const retries = retryQueues(work, broker, HOUR_MS);
  await work.publish("x");
  const original = await work.receive();
  await retries.retry(original, HOUR_MS);
  await broker.deleteQueue(retryQueueName(work.name, HOUR_MS));
  await retries.retry(original, HOUR_MS);
  assert.equal(await retries.waiting(), 1);
});

brokerTest(
  "a retry queue that was declared in another way is refused, others work",
  async (broker) => {
    await using work = await WorkQueue.open(broker);
    const retries = retryQueues(work, broker, HOUR_MS, 2 * HOUR_MS);
    await broker.declareQueue(retryQueueName(work.name, HOUR_MS), {});
    await work.publish("x");
    const original = await work.receive();
    await assert.rejects(
      retries.retry(original, HOUR_MS),
      (error) => error instanceof ChannelClosed && error.reply!.replyCode === 406,
    );
    await retries.retry(original, 2 * HOUR_MS);
    assert.equal(await retries.waiting(), 1);
  },
);

brokerTest("a retry without a connection fails", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const retries = retryQueues(work, broker, HOUR_MS);
  await work.publish("x");
  const original = await work.receive();
  await work.connection.close();
  await assert.rejects(retries.retry(original, HOUR_MS), ConnectionLost);
  const used = new Map([[retryQueueName(work.name, HOUR_MS), 1]]);
  const options = { queue: work.name, used };
  await assert.rejects(
    new RetryQueues(work.connection, work.republisher, options).waiting(),
    ConnectionLost,
  );
});

brokerTest("a lease is renewed when it is old, not for every task", async (broker) => {
  await using work = await WorkQueue.open(broker);
  const name = broker.derivedQueue(retryQueueName(work.name, HOUR_MS));
  let nowMs = 0;
  const now = () => nowMs;
  const retries = new RetryQueues(work.connection, work.republisher, { queue: work.name, now });
  await work.publish("x");
  const original = await work.receive();
  await retries.retry(original, HOUR_MS);
  // Another queue of this name: whoever declares is refused, whoever only publishes is not.
  await broker.deleteQueue(name);
  await broker.declareQueue(name, {});
  nowMs = 59_000;
  await retries.retry(original, HOUR_MS);
  assert.equal((await broker.depth(name)).ready, 1);
  nowMs = 61_000;
  await assert.rejects(retries.retry(original, HOUR_MS), ChannelClosed);
  await broker.deleteQueue(name);
  await retries.retry(original, HOUR_MS); // a refusal is not remembered
  assert.equal(await retries.waiting(), 1);
});

brokerTest("a confirm that comes when the queue may be gone is not trusted", async (broker) => {
  await using work = await WorkQueue.open(broker);
  broker.derivedQueue(retryQueueName(work.name, HOUR_MS));
  for (
    const { lateMs, trusted } of [{ lateMs: 539_000, trusted: true }, {
      lateMs: 541_000,
      trusted: false,
    }]
  ) {
    const times = [0, lateMs]; // before the declaration, and after the confirm
    const now = () => times.shift()!;
    const retries = new RetryQueues(work.connection, work.republisher, { queue: work.name, now });
    await work.publish("x");
    const retry = retries.retry(await work.receive(), HOUR_MS);
    if (trusted) await retry;
    else await assert.rejects(retry, DeadlineExceeded);
  }
});

brokerTest("the declaration outlives the delay, and the broker takes it", async (broker) => {
  await using work = await WorkQueue.open(broker);
  for (const delayMs of [0, 1, 2 ** 31 - 1]) {
    const { name, durable, arguments: args } = retryQueueDeclaration(work.name, delayMs, {
      quorum: false,
    });
    await broker.declareQueue(broker.derivedQueue(name), { durable, arguments: { ...args } });
    assert.equal(args["x-message-ttl"], delayMs);
    assert.ok(args["x-expires"] as number >= delayMs + 600_000);
  }
});

brokerTest("a task on its way between two quorum queues is waited for", async (broker) => {
  const quorum = { durable: true, arguments: { "x-queue-type": "quorum" } };
  await using work = await WorkQueue.open(broker, quorum);
  broker.derivedQueue(retryQueueName(work.name, 1));
  let nowMs = 0;
  const retries = new RetryQueues(work.connection, work.republisher, {
    queue: work.name,
    isQuorum: () => Promise.resolve(true),
    now: () => nowMs,
  });
  await work.publish("x");
  const original = await work.receive();
  await retries.retry(original, 1);
  work.ack(original);
  const again = await work.receive();
  // It is in no queue's count now, which is just what a task on its way looks like.
  assert.equal(await retries.waiting(), 1);
  retries.arrived(original); // had not been in a retry queue: another task
  assert.equal(await retries.waiting(), 1);
  retries.arrived(again);
  assert.equal(await retries.waiting(), 0);
  await retries.retry(again, 1);
  work.ack(again);
  await work.receive();
  nowMs = 10_000; // somebody else got it, or it was lost: not waited for without end
  assert.equal(await retries.waiting(), 0);
});
