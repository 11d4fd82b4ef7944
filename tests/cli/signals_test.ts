/** The first signal stops in order, the second at once; what comes as several is one request. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { brokerTest } from "../support/brokers.ts";
import { events, EXECUTABLE, story, Worktool } from "../support/worktool.ts";

for (
  const [signal, second, secondCode] of [
    ["SIGINT", "SIGTERM", 143],
    ["SIGTERM", "SIGINT", 130],
    ["SIGHUP", "SIGHUP", 129],
  ] as const
) {
  brokerTest(`${signal} while waiting ends the worker with 0`, async (broker) => {
    const worker = await broker.startWorker(broker.queue());
    worker.kill(signal);
    const { code, stderr } = await worker.exited;
    assert.equal(code, 0);
    assert.match(stderr, new RegExp(`Stopped: ${signal}\\. 0 done`));
  });

  brokerTest(`${signal} mid-task: the task is finished and acknowledged`, async (broker) => {
    const queue = broker.queue();
    const worker = await broker.startWorker(queue, ["--dot", "2s"]);
    await broker.send(queue, "running.");
    await worker.line(/Received 'running\.'/);
    worker.kill(signal);
    const { code, stdout, stderr } = await worker.exited;
    assert.equal(code, 0);
    assert.match(
      stderr,
      new RegExp(`${signal}: no more tasks; waiting up to 30\\.0 s for the one`),
    );
    assert.match(stdout, / \[x\] Done\n$/);
    assert.match(stderr, new RegExp(`Stopped: ${signal}\\. 1 done`));
    assert.deepEqual(await broker.takeBodies(queue), []);
  });

  brokerTest(`${signal} with prefetched tasks: they go back in order`, async (broker) => {
    const queue = broker.queue();
    await broker.send(queue, "running.", "second.", "third.");
    const worker = broker.start("work", queue, ["--prefetch", "3", "--dot", "2s", "--json"]);
    await worker.event("received");
    worker.kill(signal);
    const exit = await worker.exited;
    assert.equal(exit.code, 0);
    assert.deepEqual(story(exit), [
      ...["waiting", "received", "stopping", "done", "acked", "requeued", "requeued", "stopped"],
    ]);
    const left = await broker.take(queue);
    assert.deepEqual(left.map(({ content }) => content.toString()), ["second.", "third."]);
  });

  brokerTest(`${signal} and then ${second}: out at once, the task goes back`, async (broker) => {
    const queue = broker.queue();
    await broker.send(queue, "endless.");
    const worker = broker.start("work", queue, ["--dot", "5m", "--json"]);
    await worker.event("received");
    worker.kill(signal);
    await worker.event("stopping");
    const { code } = await worker.killAgain(second);
    assert.equal(code, secondCode);
    await broker.becomesReady(queue, 1);
    assert.deepEqual(await broker.takeBodies(queue), ["endless."]);
  });
}

brokerTest("signals of all kinds that come together are one request", async (broker) => {
  const queue = broker.queue();
  const worker = broker.start("work", queue, ["--dot", "2s"]);
  await worker.line(/Waiting/);
  await broker.send(queue, "running.");
  await worker.line(/Received/);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGTERM"] as const) worker.kill(signal);
  const { code, stderr } = await worker.exited;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /1 done/);
});

brokerTest("timeout of GNU, which signals twice, stops a worker in order", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "running.");
  const command = ["timeout", "--preserve-status", "1d", EXECUTABLE];
  const worker = broker.start("work", queue, ["--dot", "2s"], { command });
  await worker.line(/Received/);
  worker.kill("SIGTERM"); // passed on to worktool, and then to worktool's group
  const { code, stderr } = await worker.exited;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Stopped: SIGTERM\. 1 done/);
});

brokerTest("under nohup a SIGHUP changes nothing", async (broker) => {
  const queue = broker.queue();
  const worker = broker.start("work", queue, ["--json"], { command: ["nohup", EXECUTABLE] });
  await worker.event("waiting");
  worker.kill("SIGHUP");
  await broker.send(queue, "after it");
  await worker.event("acked");
  worker.kill("SIGTERM");
  const exit = await worker.exited;
  assert.equal(exit.code, 0);
  assert.equal(events(exit).at(-1)!.reason, "SIGTERM");
});

brokerTest("a signal after the end was told changes nothing", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  const worker = broker.start("work", queue, ["--count", "1", "--json", "--", "true"]);
  await worker.event("stopped");
  assert.equal((await worker.killAgain("SIGTERM")).code, 0);
});

brokerTest("kill -9 leaves the running and the prefetched tasks in the queue", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "running.", "prefetched.");
  const worker = broker.start("work", queue, ["--prefetch", "2", "--dot", "5m", "--json"]);
  await worker.event("received");
  worker.kill("SIGKILL");
  assert.equal((await worker.exited).code, 137);
  await broker.becomesReady(queue, 2);
  const left = await broker.take(queue);
  assert.deepEqual(left.map(({ content }) => content.toString()), ["running.", "prefetched."]);
  assert.deepEqual(left.map(({ fields }) => fields.redelivered), [true, true]);
});

brokerTest("a reader that stops reading keeps no worker longer than its grace", async (broker) => {
  const queue = broker.queue();
  const tasks = Array.from({ length: 3 }, () => "x".repeat(900_000)); // far more than a pipe holds
  await broker.send(queue, ...tasks);
  const worker = broker.start("work", queue, ["--grace", "200ms", "--json"], {
    readsOutput: false,
  });
  await broker.becomesReady(queue, tasks.length - 1);
  worker.kill("SIGTERM");
  const { code, stderr } = await worker.exited;
  assert.equal(code, 0, stderr);
  assert.equal((await broker.depth(queue)).ready, 3); // what could not be told was not acknowledged
});

Deno.test("SIGTERM while connecting: a worker ends with 0, a send that sent nothing with 1", async () => {
  const server = createServer().listen(0, "127.0.0.1"); // accepts and says nothing
  const sockets: Socket[] = [];
  await once(server, "listening");
  const url = `amqp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    for (const [args, expected] of [[["work"], 0], [["send", "x"], 1]] as const) {
      const connected = once(server, "connection");
      const worktool = Worktool.start([...args, "--url", url, "--connect-timeout", "5m"]);
      sockets.push(...await connected as Socket[]);
      worktool.kill("SIGTERM");
      assert.equal((await worktool.exited).code, expected);
    }
  } finally {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
});
