/** How a worker ends by itself. */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";
import { events } from "../support/worktool.ts";

brokerTest(
  "--count N: N tasks are acknowledged, the others never leave the queue",
  async (broker) => {
    const queue = broker.queue();
    await broker.send(queue, "1", "2", "3", "4");
    const { code, stdout, stderr } = await broker.run("work", queue, ["--count", "2"]);
    assert.equal(code, 0);
    assert.deepEqual(stdout.match(/Received '\d'/g), ["Received '1'", "Received '2'"]);
    assert.match(stderr, /Stopped: --count reached\. 2 done/);
    const left = await broker.take(queue);
    assert.deepEqual(left.map(({ content }) => content.toString()), ["3", "4"]);
    // The consumer was cancelled before the last ack: nothing was borrowed and given back.
    assert.deepEqual(left.map(({ fields }) => fields.redelivered), [false, false]);
  },
);

brokerTest("--count N gives back what was prefetched beyond it", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "1", "2", "3", "4");
  const exit = await broker.run("work", queue, ["--count", "2", "--prefetch", "0", "--json"]);
  const requeued = events(exit).filter(({ event }) => event === "requeued").length;
  assert.equal(events(exit).at(-1)!.requeued, requeued);
  assert.deepEqual(await broker.takeBodies(queue), ["3", "4"]);
});

brokerTest("--until-empty ends at once on an empty queue", async (broker) => {
  const { code, stdout, stderr } = await broker.run("work", broker.queue(), ["--until-empty"]);
  assert.equal(code, 0);
  assert.equal(stdout, " [*] Waiting for messages. To exit press CTRL+C\n");
  assert.match(stderr, /the queue is empty\. 0 done/);
});

brokerTest("--until-empty does everything that is ready", async (broker) => {
  const queue = broker.queue();
  const tasks = Array.from({ length: 500 }, (_, n) => `task ${n}`);
  await broker.send(queue, ...tasks);
  for (const prefetch of ["1", "10", "0"]) {
    const { stdout } = await broker.run("work", queue, ["--until-empty", "--prefetch", prefetch]);
    assert.equal(stdout.match(/Done/g)?.length, 500, `with --prefetch ${prefetch}`);
    assert.equal((await broker.depth(queue)).ready, 0);
    await broker.send(queue, ...tasks);
  }
});

brokerTest("two workers with --until-empty share a queue and both end", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, ...Array.from({ length: 200 }, (_, n) => `task ${n}`));
  const args = ["--until-empty", "--json"];
  const both = [broker.start("work", queue, args), broker.start("work", queue, args)];
  const exits = await Promise.all(both.map((worker) => worker.exited));
  const done = exits.map((exit) => events(exit).at(-1)!.done as number);
  assert.equal(done[0]! + done[1]!, 200);
});

brokerTest("--idle-timeout ends a worker that has nothing to do", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "a.");
  const { code, stdout, stderr } = await broker.run("work", queue, [
    ...["--idle-timeout", "1s", "--dot", "1500ms"],
  ]);
  assert.equal(code, 0); // the task, longer than the timeout, was not idleness
  assert.match(stdout, /Received 'a\.'\n \[x\] Done/);
  assert.match(stderr, /Stopped: nothing arrived for --idle-timeout\. 1 done/);
});

brokerTest("--max-time lets the running task finish", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "long.", "never started.");
  const { code, stdout, stderr } = await broker.run("work", queue, [
    ...["--max-time", "3s", "--dot", "4s"],
  ]);
  assert.equal(code, 0);
  assert.deepEqual(stdout.match(/Received '.*'|Done/g), ["Received 'long.'", "Done"]);
  assert.match(stderr, /Stopped: --max-time is over\. 1 done/);
  assert.deepEqual(await broker.takeBodies(queue), ["never started."]);
});

brokerTest("--count that is not reached within --max-time exits 2", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "only one");
  const { code, stderr } = await broker.run("work", queue, ["--count", "2", "--max-time", "3s"]);
  assert.equal(code, 2);
  assert.match(stderr, /--max-time is over: 1 of 2\. 1 done/);
});

brokerTest("--count that is not reached within --idle-timeout exits 2", async (broker) => {
  const { code } = await broker.run("work", broker.queue(), [
    ...["--count", "1", "--idle-timeout", "50ms"],
  ]);
  assert.equal(code, 2);
});

brokerTest("a task that outlasts --grace goes back", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "endless.");
  const { code, stdout, stderr } = await broker.run("work", queue, [
    ...["--max-time", "3s", "--grace", "100ms", "--dot", "1m"],
  ]);
  assert.equal(code, 0);
  assert.doesNotMatch(stdout, /Done/);
  assert.match(stderr, /0 done, 0 redelivered, 1 given back to the queue/);
  assert.deepEqual(await broker.takeBodies(queue), ["endless."]);
});
