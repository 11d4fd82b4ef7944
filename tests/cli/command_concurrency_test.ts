/** `work --concurrency N -- command`: how many run, in which order they are settled. */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";
import { Gate } from "../support/gate.ts";
import { events } from "../support/worktool.ts";

/** Waits in front of the gate in $0, unless its task says "quick". */
const SLOW_UNLESS_QUICK = ["sh", "-c", '[ "$(cat)" = quick ] || read _ < "$0"'];

brokerTest("--concurrency tasks run at the same time, no more", async (broker) => {
  const queue = broker.taskQueue();
  await using gate = await Gate.make();
  await broker.send(queue, "1", "2", "3", "4", "5");
  const worker = broker.start("work", queue, [
    ...["--concurrency", "3", "--count", "5", "--json", "--", ...SLOW_UNLESS_QUICK, gate.path],
  ]);
  // All three have started and none has ended: nobody has opened the gate.
  await worker.printed(3, /^{"event":"received"/);
  await broker.becomesReady(queue, 2); // the prefetch follows
  await gate.open(5);
  const exit = await worker.exited;
  assert.equal(exit.code, 0, exit.stderr);
  let running = 0;
  for (const { event } of events(exit)) {
    running += event === "received" ? 1 : event === "done" ? -1 : 0;
    assert.ok(running <= 3);
  }
  assert.equal(events(exit, "acked").length, 5);
});

brokerTest("tasks are settled as they end, in any order", async (broker) => {
  const queue = broker.taskQueue();
  await using gate = await Gate.make();
  await broker.send(queue, "slow", "quick", "third");
  const worker = broker.start("work", queue, [
    ...["--concurrency", "2", "--json", "--", ...SLOW_UNLESS_QUICK, gate.path],
  ]);
  // The third is delivered when the broker has the acknowledgement of the second.
  await worker.printed(3, /^{"event":"received"/);
  assert.equal((await worker.event("acked")).deliveryTag, 2);
  worker.kill("SIGKILL");
  await worker.exited;
  await broker.becomesReady(queue, 2);
  assert.deepEqual(await broker.takeBodies(queue), ["slow", "third"]);
});

brokerTest("two commands that wait for each other both end", async (broker) => {
  const queue = broker.taskQueue();
  await using there = await Gate.make();
  await using back = await Gate.make();
  const script = 'if [ "$(cat)" = ping ]; then echo > "$0"; read _ < "$1"; ' +
    'else read _ < "$0"; echo > "$1"; fi';
  await broker.send(queue, "ping", "pong");
  const { code, stderr } = await broker.run("work", queue, [
    ...["--concurrency", "2", "--count", "2", "--", "sh", "-c", script, there.path, back.path],
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /2 done/);
});

brokerTest("a prefetch below the concurrency is warned of, and is the limit", async (broker) => {
  const queue = broker.taskQueue();
  await using gate = await Gate.make();
  await broker.send(queue, "1", "2", "3");
  const worker = broker.start("work", queue, [
    ...["--concurrency", "3", "--prefetch", "2", "--count", "3", "--json"],
    ...["--", ...SLOW_UNLESS_QUICK, gate.path],
  ]);
  await worker.line(/--prefetch 2 is less than --concurrency 3: no more than 2 will run/);
  await worker.printed(2, /^{"event":"received"/);
  await broker.becomesReady(queue, 1);
  await gate.open(3);
  assert.equal((await worker.exited).code, 0);
});

brokerTest("no warning where the prefetch follows or is unlimited", async (broker) => {
  for (const flags of [[], ["--prefetch", "0"], ["--prefetch", "5"]]) {
    const { code, stderr } = await broker.run("work", broker.taskQueue(), [
      ...["--concurrency", "3", ...flags, "--until-empty", "--", "true"],
    ]);
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /concurrency/);
  }
});

brokerTest("--count with --concurrency takes no task too many", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, ...Array.from({ length: 20 }, (_, n) => `${n}`));
  const args = ["--concurrency", "8", "--count", "10", "--json", "--", "true"];
  const exit = await broker.run("work", queue, args);
  assert.equal(events(exit, "done").length, 10);
  assert.equal((await broker.depth(queue)).ready, 10);
});

brokerTest("the worker's pretended work has a concurrency too", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "long.", "short");
  const worker = broker.start("work", queue, [
    ...["--concurrency", "2", "--dot", "5m", "--json"],
  ]);
  assert.equal((await worker.event("acked")).deliveryTag, 2);
  worker.kill("SIGKILL");
  await worker.exited;
});
