/** When a task is acknowledged, and what that means for one whose worker dies. */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";
import { events } from "../support/worktool.ts";

brokerTest("manual: a killed worker's task goes to another worker, marked", async (broker) => {
  const queue = broker.queue();
  const victim = await broker.startWorker(queue, ["--name", "C1", "--dot", "1m"]);
  await broker.send(queue, "precious.");
  await victim.line(/^C1 \[x\] Received 'precious\.'$/);
  victim.kill("SIGKILL");
  assert.equal((await victim.exited).code, 137);
  const successor = await broker.run("work", queue, [
    "--count",
    "1",
    "--dot",
    "1ms",
    "--name",
    "C2",
  ]);
  assert.match(successor.stdout, /^C2 \[x\] Received 'precious\.' \(redelivered\)$/m);
  assert.match(successor.stderr, /1 done, 1 redelivered/);
});

brokerTest("auto: a killed worker's task is lost", async (broker) => {
  const queue = broker.queue();
  const victim = await broker.startWorker(queue, ["--ack", "auto", "--dot", "1m"]);
  await victim.line(
    /--ack auto the broker forgets a task as it sends it: --prefetch has no effect/,
  );
  await broker.send(queue, "gone.");
  await victim.line(/Received 'gone\.'/);
  victim.kill("SIGKILL");
  await victim.exited;
  assert.deepEqual(await broker.takeBodies(queue), []);
});

brokerTest("auto: the broker sends everything at once, prefetch or not", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "1", "2", "3..", "4", "5");
  const worker = await broker.startWorker(queue, [
    "--ack",
    "auto",
    "--prefetch",
    "1",
    "--dot",
    "1m",
  ]);
  await worker.line(/Received '3\.\.'/);
  assert.equal((await broker.depth(queue)).ready, 0);
  worker.kill("SIGKILL");
  await worker.exited;
  assert.deepEqual(await broker.takeBodies(queue), []);
});

brokerTest("auto: tasks that a stop leaves undone are counted as lost", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "1", "2", "3");
  const { stdout, stderr, code } = await broker.run("work", queue, [
    ...["--ack", "auto", "--count", "1", "--json"],
  ]);
  assert.equal(code, 1);
  const stopped = events({ code, stdout, stderr }).at(-1)!;
  assert.deepEqual([stopped.done, stopped.lost, stopped.requeued], [1, 2, 0]);
});

brokerTest(
  "early: a killed worker's task is lost, those it had not started come back",
  async (broker) => {
    const queue = broker.queue();
    await broker.send(queue, "started.", "waiting.", "third.");
    const victim = broker.start("work", queue, [
      ...["--ack", "early", "--dot", "5m", "--json", "--prefetch", "2"],
    ]);
    await victim.event("acked");
    await broker.becomesReady(queue, 0); // the ack made room for the third
    victim.kill("SIGKILL");
    await victim.exited;
    await broker.becomesReady(queue, 2);
    assert.deepEqual(await broker.takeBodies(queue), ["waiting.", "third."]);
  },
);

brokerTest("never: forgotten acks stop the deliveries and come back at the end", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "one", "two", "three");
  const worker = await broker.startWorker(queue, ["--ack", "never", "--prefetch", "2"]);
  await worker.line(
    /2 unacknowledged, as many as --prefetch allows: the broker delivers nothing more/,
  );
  assert.equal((await broker.depth(queue)).ready, 1); // done by the worker, but not gone
  worker.kill("SIGTERM");
  const { code, stderr } = await worker.exited;
  assert.equal(code, 0);
  assert.match(stderr, /2 done, 0 redelivered, 2 never acknowledged: they return to the queue/);
  assert.equal((await broker.depth(queue)).ready, 3);
  const again = await broker.run("work", queue, ["--until-empty"]);
  assert.deepEqual(again.stdout.match(/Received .*/g), [
    "Received 'one' (redelivered)",
    "Received 'two' (redelivered)",
    "Received 'three'",
  ]);
});

brokerTest("never: a rule that can no longer be met ends the worker with 2", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "one", "two", "three");
  for (const rule of [["--until-empty"], ["--count", "3"]]) {
    const args = ["--ack", "never", "--prefetch", "2", ...rule];
    const { code, stderr } = await broker.run("work", queue, args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /Stopped: nothing more can come(: 2 of 3)?\. 2 done/);
  }
  const all = await broker.run("work", queue, [
    "--ack",
    "never",
    "--prefetch",
    "3",
    "--until-empty",
  ]);
  assert.equal(all.code, 0); // all that there is was done
});

brokerTest("--crash-during N dies in the middle of the N-th task", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "first.", "second.");
  const { code, stdout } = await broker.run("work", queue, [
    "--crash-during",
    "2",
    "--dot",
    "10ms",
  ]);
  assert.equal(code, 137);
  assert.match(stdout, /Received 'first\.'\n \[x\] Done\n \[x\] Received 'second\.'\n$/);
  await broker.becomesReady(queue, 1);
  const [message] = await broker.take(queue);
  assert.equal(message!.content.toString(), "second.");
  assert.equal(message!.fields.redelivered, true);
});

brokerTest("a quorum queue tells how often a task was delivered", async (broker) => {
  const queue = broker.queue();
  const quorum = ["--queue-type", "quorum"];
  await broker.run("send", queue, [...quorum, "poison."]);
  for (let crash = 1; crash <= 2; crash++) {
    await broker.run("work", queue, [...quorum, "--crash-during", "1", "--dot", "1ms"]);
  }
  const text = await broker.run("work", queue, [...quorum, "--crash-during", "1", "--dot", "1ms"]);
  assert.match(text.stdout, /Received 'poison\.' \(redelivered, delivery count 2\)/);
  const json = await broker.run("work", queue, [
    ...quorum,
    "--count",
    "1",
    "--json",
    "--dot",
    "1ms",
  ]);
  const received = events(json).find(({ event }) => event === "received")!;
  assert.deepEqual([received.deliveryCount, received.attempt, received.redelivered], [3, 4, true]);
});
