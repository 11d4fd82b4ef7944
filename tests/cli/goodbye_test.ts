/** A broker that does not answer any more keeps nobody who was told to stop. */
import assert from "node:assert/strict";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { brokerTest } from "../support/brokers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { events, Worktool } from "../support/worktool.ts";

/** With these nothing but the goodbye has an end before the test's own deadline. */
const PATIENT = ["--connect-timeout", "10m", "--heartbeat", "0"];

const QUEUE_DECLARE = methodIdBytes("queue.declare");
const BASIC_CANCEL = methodIdBytes("basic.cancel");
const BASIC_GET = methodIdBytes("basic.get");

const UNANSWERED = /the broker at .* did not answer within 3\.00 s after the stop/;

brokerTest("a frozen broker keeps no idle worker that was told to stop: 69", async (broker) => {
  const queue = broker.queue();
  await using proxy = await TcpProxy.start(broker.url);
  await using worker = Worktool.start(["work", "--url", proxy.url, "--queue", queue, ...PATIENT]);
  await worker.line(/Waiting/);
  proxy.silence();
  worker.kill("SIGTERM");
  const { code, stderr } = await worker.exited;
  assert.equal(code, 69);
  assert.match(stderr, UNANSWERED);
  assert.match(stderr, /not confirmed: what was given back, and what was acknowledged last/);
  proxy.cut();
});

brokerTest("a worker that is through by itself gives the broker more time: 69", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "task");
  await using proxy = await TcpProxy.start(broker.url, (bytes) => {
    if (bytes.includes(BASIC_CANCEL)) proxy.silence();
    return "pass";
  });
  const args = ["--count", "1", "--heartbeat", "0", "--connect-timeout", "4s"];
  const { code, stderr } = await Worktool.run([
    ...["work", "--url", proxy.url, "--queue", queue, ...args],
  ]);
  assert.equal(code, 69);
  assert.match(stderr, /within 4\.00 s/);
  assert.doesNotMatch(stderr, /after the stop/);
  proxy.cut();
});

brokerTest("a signal ends the patience of a worker that is through: 69", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "task");
  await using proxy = await TcpProxy.start(broker.url, (bytes) => {
    if (!bytes.includes(BASIC_CANCEL)) return "pass";
    proxy.silence();
    worker.kill("SIGTERM");
    return "drop";
  });
  const args = ["--count", "1", ...PATIENT];
  await using worker = Worktool.start(["work", "--url", proxy.url, "--queue", queue, ...args]);
  const { code, stderr } = await worker.exited;
  assert.equal(code, 69);
  assert.match(stderr, UNANSWERED);
  proxy.cut();
});

brokerTest("a frozen broker: what was not given back is told as not finished", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "running.", "second.", "third.");
  await using proxy = await TcpProxy.start(broker.url);
  const args = ["--prefetch", "3", "--grace", "0", "--dot", "5m", "--json", ...PATIENT];
  await using worker = Worktool.start(["work", "--url", proxy.url, "--queue", queue, ...args]);
  await worker.event("received");
  proxy.silence();
  worker.kill("SIGTERM");
  const exit = await worker.exited;
  assert.equal(exit.code, 69);
  assert.match(exit.stderr, UNANSWERED);
  const { unfinished, requeued, exitCode } = events(exit).at(-1)!;
  assert.deepEqual({ unfinished, requeued, exitCode }, {
    unfinished: 3,
    requeued: 0,
    exitCode: 69,
  });
  assert.deepEqual(events(exit, "requeued"), []);
  proxy.cut();
  await broker.becomesReady(queue, 3);
});

brokerTest("a broker that freezes while a worker starts keeps it no longer", async (broker) => {
  const queue = broker.queue();
  await using proxy = await TcpProxy.start(broker.url, (bytes) => {
    if (!bytes.includes(QUEUE_DECLARE)) return "pass";
    proxy.silence();
    worker.kill("SIGTERM");
    return "drop";
  });
  await using worker = Worktool.start(["work", "--url", proxy.url, "--queue", queue, ...PATIENT]);
  const { code, stderr } = await worker.exited;
  assert.equal(code, 0, stderr);
  proxy.cut();
});

brokerTest(
  "a frozen broker: a send that is stopped tells what it does not know: 75",
  async (broker) => {
    const queue = broker.queue();
    await using proxy = await TcpProxy.start(broker.url, (bytes) => {
      if (!bytes.includes("task 20")) return "pass";
      proxy.silence();
      send.kill("SIGTERM");
      return "drop";
    });
    await using send = Worktool.start([
      ...["send", "--url", proxy.url, "--queue", queue, "--count", "1000", "--rate", "50"],
      ...["--json", "--confirm-timeout", "10m", ...PATIENT, "task {n}"],
    ]);
    const exit = await send.exited;
    assert.equal(exit.code, 75);
    assert.match(exit.stderr, UNANSWERED);
    const [stopping] = events(exit, "stopping");
    assert.equal(stopping!.reason, "SIGTERM");
    assert.ok(stopping!.unconfirmed > 0);
    assert.equal(events(exit, "unknown").length, events(exit).at(-1)!.unknown);
    proxy.cut();
  },
);

for (const action of ["ls", "replay"] as const) {
  brokerTest(`a frozen broker keeps no dead ${action} that is stopped`, async (broker) => {
    const queue = broker.taskQueue();
    await broker.publish(`${queue}.dead`, "dead letter");
    await using proxy = await TcpProxy.start(broker.url, (bytes) => {
      if (!bytes.includes(BASIC_GET)) return "pass";
      proxy.silence();
      dead.kill("SIGTERM");
      return "drop";
    });
    await using dead = Worktool.start([
      ...["dead", action, "--url", proxy.url, "--queue", queue, ...PATIENT],
    ]);
    const { code, stderr } = await dead.exited;
    assert.equal(code, 69);
    assert.match(stderr, UNANSWERED);
    proxy.cut();
  });
}
