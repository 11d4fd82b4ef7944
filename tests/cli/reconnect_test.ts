/** A worker whose consumer dies connects again, and says so; but not where that cannot help. */
import assert from "node:assert/strict";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { brokerTest } from "../support/brokers.ts";
import { Gate } from "../support/gate.ts";
import { outlives } from "../support/loss.ts";
import { connectionClose, TcpProxy } from "../support/tcp_proxy.ts";
import { events, Worktool } from "../support/worktool.ts";

const SOON = ["--reconnect-delay", "10ms..50ms"];

brokerTest("TCP loss: the worker goes on, the task that ran comes again", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  const told = /^the connection to .* was lost: /;
  await outlives((body) => body(broker), {
    ...{ url: proxy.url, queue: broker.taskQueue(), told },
    lose: () => proxy.cut(),
  });
});

brokerTest(
  "missed heartbeats: the worker goes on, the task that ran comes again",
  async (broker) => {
    await using proxy = await TcpProxy.start(broker.url);
    await outlives((body) => body(broker), {
      ...{ url: proxy.url, queue: broker.taskQueue(), flags: ["--heartbeat", "1s"] },
      told: /^the connection to .* was lost: Heartbeat timeout/,
      lose: () => proxy.silence(),
    });
  },
);

brokerTest("basic.cancel: the worker declares its queue anew and consumes", async (broker) => {
  const queue = broker.taskQueue();
  await outlives((body) => body(broker), {
    ...{ url: broker.url, queue, told: /^the broker ended the consumer: / },
    lose: () => broker.deleteQueue(queue),
    losesTasks: true,
  });
});

brokerTest(
  "a task that failed when its connection was gone is not moved either",
  async (broker) => {
    await using proxy = await TcpProxy.start(broker.url);
    await using gate = await Gate.make();
    const queue = broker.taskQueue();
    await broker.send(queue, "task");
    await using worker = Worktool.start([
      ...["work", "--url", proxy.url, "--queue", queue, "--json", "--count", "1", ...SOON],
      ...["--", "sh", "-c", '[ $WORKTOOL_ATTEMPT = 2 ] || { read _ < "$0"; exit 65; }', gate.path],
    ]);
    await worker.event("received");
    proxy.cut();
    await worker.event("reconnected");
    await gate.open();
    const exit = await worker.exited;
    assert.equal(exit.code, 0, exit.stderr);
    const { done, dead, unsettled } = events(exit).at(-1)!;
    assert.deepEqual([done, dead, unsettled], [1, 0, 1]);
    assert.equal((await broker.depth(`${queue}.dead`)).ready, 0);
  },
);

brokerTest(
  "for people it says what was lost, when it tries again, and that it is back",
  async (broker) => {
    await using proxy = await TcpProxy.start(broker.url);
    await using gate = await Gate.make();
    const queue = broker.taskQueue();
    await broker.send(queue, "task");
    await using worker = Worktool.start([
      ...["work", "--url", proxy.url, "--queue", queue, "--name", "C1", ...SOON],
      ...["--", "sh", "-c", '[ $WORKTOOL_ATTEMPT = 2 ] || read _ < "$0"', gate.path],
    ]);
    await worker.line(/Received 'task'$/);
    proxy.cut();
    await worker.line(
      /^C1 \[!\] the connection to .* was lost: .*\. Connecting again in 0\.\d+ s$/,
    );
    await worker.line(/^C1 \[\*\] Connected again\. Waiting for messages$/);
    await gate.open();
    await worker.line(/^C1 \[!\] Finished, but not settled: 'task'\. .* delivers it again$/);
    await worker.line(
      /^C1 \[i\] Counted: attempt 1 of 'task' was not finished; it goes to the end/,
    );
    await worker.line(/^C1 \[x\] Received 'task' \(attempt 2\)$/);
    await worker.line(/^C1 \[x\] Done 'task' in /);
    worker.kill("SIGINT");
    const { stderr } = await worker.exited;
    assert.match(
      stderr,
      /1 finished but not settled: they are delivered again, connected again once/,
    );
  },
);

brokerTest("--reconnect-for is how long it tries: 69", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", broker.queue(), "--json", ...SOON],
    ...["--reconnect-for", "2s"],
  ]);
  await worker.event("waiting");
  proxy.refuse();
  proxy.cut();
  const exit = await worker.exited;
  assert.equal(exit.code, 69);
  assert.ok(events(exit, "reconnecting").length > 1);
  assert.deepEqual([events(exit).at(-1)!.reason, events(exit).at(-1)!.exitCode], ["error", 69]);
});

brokerTest("one loss after another", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", broker.queue(), "--json", ...SOON],
  ]);
  await worker.event("waiting");
  for (let loss = 1; loss <= 20; loss++) {
    proxy.cut();
    await worker.printed(loss, /^{"event":"reconnected"/);
  }
  worker.kill("SIGTERM");
  const exit = await worker.exited;
  assert.equal(exit.code, 0);
  assert.equal(events(exit).at(-1)!.reconnects, 20);
});

brokerTest("a signal while reconnecting ends the worker at once with 0", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", broker.queue(), "--json"],
    ...["--reconnect-delay", "5m"],
  ]);
  await worker.event("waiting");
  proxy.refuse();
  proxy.cut();
  await worker.event("reconnecting");
  worker.kill("SIGTERM");
  assert.equal((await worker.exited).code, 0);
});

brokerTest("wrong credentials, 403 and 406 are not tried again: 77, 77, 65", async (broker) => {
  const queue = broker.queue();
  await broker.declareQueue(queue, { durable: false });
  const wrong = new URL(broker.url);
  wrong.password = "wrong";
  const patient = ["--wait", "5m", "--reconnect-for", "5m"];
  for (
    const [args, expected] of [
      [["--url", wrong.href, "--queue", queue], 77],
      [["--url", broker.url, "--queue", "amq.forbidden"], 77],
      [["--url", broker.url, "--queue", queue, "--durable"], 65],
      [["--url", broker.url, "--queue", `${queue}.missing`, "--no-declare"], 65],
      [["--url", `${broker.url}no-such-vhost`, "--queue", queue], 77],
    ] as const
  ) {
    const { code, stderr } = await Worktool.run(["work", ...args, ...patient]);
    assert.equal(code, expected, stderr);
    assert.doesNotMatch(stderr, /Connecting again/);
  }
});

brokerTest("a 406 when it declares again ends the worker: 65", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  const queue = broker.queue();
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", queue, "--durable", "--json"],
    ...["--reconnect-delay", "10ms..50ms"],
  ]);
  await worker.event("waiting");
  proxy.refuse();
  proxy.cut();
  await worker.event("reconnecting");
  await broker.deleteQueue(queue);
  await broker.declareQueue(queue, { durable: false });
  proxy.accept();
  const { code, stderr } = await worker.exited;
  assert.equal(code, 65);
  assert.match(stderr, /exists with other properties: durable is 'false' there/);
});

brokerTest("a 403 when it logs in again ends the worker: 77", async (broker) => {
  let refuse = false;
  await using proxy = await TcpProxy.start(broker.url, (bytes, answer) => {
    const startOk = bytes.includes(methodIdBytes("connection.start-ok"));
    if (!refuse || !startOk) return "pass";
    answer(connectionClose(403, "ACCESS_REFUSED - Login was refused"));
    return "drop";
  });
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", broker.queue(), "--json", ...SOON],
  ]);
  await worker.event("waiting");
  refuse = true;
  proxy.cut();
  const { code, stderr } = await worker.exited;
  assert.equal(code, 77, stderr);
});

brokerTest("--wait waits for a broker, and gives up after it: 69", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  proxy.refuse();
  const args = ["work", "--url", proxy.url, "--queue", broker.queue(), "--json", ...SOON];
  const impatient = await Worktool.run([...args, "--wait", "2s"]);
  assert.equal(impatient.code, 69);
  assert.ok(events(impatient, "reconnecting").length >= 1);
  const atOnce = await Worktool.run(args);
  assert.equal(atOnce.code, 69);
  assert.deepEqual(events(atOnce, "reconnecting"), []);
  await using patient = Worktool.start([...args, "--wait", "5m"]);
  await patient.event("reconnecting");
  proxy.accept();
  await patient.event("waiting");
  patient.kill("SIGTERM");
  assert.equal((await patient.exited).code, 0);
});

brokerTest("to wait for a broker is not idle: --idle-timeout begins afterwards", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  await using gate = await Gate.make();
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  proxy.refuse();
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", queue, "--json", "--wait", "5m"],
    ...["--reconnect-delay", "200ms", "--idle-timeout", "300ms"],
    ...["--", "sh", "-c", '[ $WORKTOOL_ATTEMPT = 2 ] || read _ < "$0"', gate.path],
  ]);
  await worker.printed(5, /^{"event":"reconnecting"/); // four pauses of 100 ms or more
  proxy.accept();
  await worker.event("received");
  proxy.refuse();
  proxy.cut();
  await gate.open();
  await worker.event("unsettled"); // from now on there is nothing to do
  const { length: tried } = worker.lines(/^{"event":"reconnecting"/);
  await worker.printed(tried + 5, /^{"event":"reconnecting"/);
  proxy.accept();
  const exit = await worker.exited;
  assert.equal(exit.code, 0, exit.stderr);
  const { reason, done, reconnects } = events(exit).at(-1)!;
  assert.deepEqual([reason, done, reconnects], ["idle-timeout", 1, 1]);
});
