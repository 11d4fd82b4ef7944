/** The tutorial "Work Queues", step by step, as its reader would type it (with a shorter dot). */
import assert from "node:assert/strict";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { events, type Exit, Worktool } from "../support/worktool.ts";

const TASKS = [
  "First message.",
  "Second message..",
  "Third message...",
  "Fourth message....",
  "Fifth message.....",
];

brokerTest("send joins its words and prints the tutorial's line", async (broker) => {
  const queue = broker.queue();
  assert.deepEqual(await broker.run("send", queue, ["A", "very", "hard", "task.."]), {
    code: 0,
    stdout: " [x] Sent 'A very hard task..'\n",
    stderr: "",
  });
  assert.deepEqual(await broker.takeBodies(queue), ["A very hard task.."]);
});

brokerTest("a worker prints the tutorial's lines", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "First message.", "Second message..");
  const { code, stdout, stderr } = await broker.run("work", queue, [
    "--until-empty",
    "--dot",
    "1ms",
  ]);
  assert.equal(
    stdout,
    ` [*] Waiting for messages. To exit press CTRL+C
 [x] Received 'First message.'
 [x] Done
 [x] Received 'Second message..'
 [x] Done
`,
  );
  assert.match(
    stderr,
    /^\[i\] Stopped: the queue is empty\. 2 done, 0 redelivered, in [\d.]+ s\n$/,
  );
  assert.equal(code, 0);
  assert.equal((await broker.depth(queue)).ready, 0);
});

brokerTest("round-robin: two workers get the tasks in turn, as in the tutorial", async (broker) => {
  const received = await shareOut(broker, 2, TASKS);
  assert.deepEqual(received, [
    ["First message.", "Third message...", "Fifth message....."],
    ["Second message..", "Fourth message...."],
  ]);
});

brokerTest("round-robin: three workers get the tasks in turn", async (broker) => {
  const received = await shareOut(broker, 3, TASKS);
  assert.deepEqual(received, [
    ["First message.", "Fourth message...."],
    ["Second message..", "Fifth message....."],
    ["Third message..."],
  ]);
});

const HEAVY_AND_LIGHT = [
  "heavy ....",
  "light 1.",
  "heavy ....",
  "light 2.",
  "heavy ....",
  "light 3.",
];

brokerTest("without fair dispatch one worker gets all heavy tasks", async (broker) => {
  const received = await shareOut(broker, 2, HEAVY_AND_LIGHT);
  assert.deepEqual(received, [
    ["heavy ....", "heavy ....", "heavy ...."],
    ["light 1.", "light 2.", "light 3."],
  ]);
  assert.equal(makespanDots(received), 12);
});

brokerTest("with prefetch 1 the heavy tasks are shared, and all is done sooner", async (broker) => {
  const queue = broker.queue();
  const workers = await startWorkers(broker, queue, 2, ["--prefetch", "1", "--dot", "400ms"]);
  await broker.send(queue, ...HEAVY_AND_LIGHT);
  const received = bodiesOf(await finish(workers, HEAVY_AND_LIGHT.length));
  assert.deepEqual(received.flat().sort(), [...HEAVY_AND_LIGHT].sort());
  for (const tasks of received) assert.ok(tasks.includes("heavy ...."), JSON.stringify(received));
  assert.ok(makespanDots(received) < 12, JSON.stringify(received));
});

/** When the last task would be done on a machine that loses no time: the busiest worker's dots. */
function makespanDots(received: unknown[][]): number {
  return Math.max(...received.map((tasks) => tasks.join("").split(".").length - 1));
}

/** Starts workers, sends the tasks one after the other, and says which worker received what. */
async function shareOut(
  broker: Broker,
  workers: number,
  tasks: readonly string[],
): Promise<unknown[][]> {
  const queue = broker.queue();
  const started = await startWorkers(broker, queue, workers, ["--prefetch", "0", "--dot", "1ms"]);
  for (const task of tasks) await broker.run("send", queue, [task]);
  return bodiesOf(await finish(started, tasks.length));
}

/** What each worker received. */
function bodiesOf(exits: Exit[]): unknown[][] {
  return exits.map((exit) => events(exit, "received").map(({ body }) => body));
}

/** C1, C2 … in the order in which they began to consume. */
async function startWorkers(
  broker: Broker,
  queue: string,
  count: number,
  args: readonly string[],
): Promise<Worktool[]> {
  const workers: Worktool[] = [];
  for (let n = 1; n <= count; n++) {
    workers.push(await broker.startWorker(queue, ["--name", `C${n}`, "--json", ...args]));
  }
  return workers;
}

/** Waits until so many tasks are acknowledged, and stops the workers. */
async function finish(workers: Worktool[], tasks: number): Promise<Exit[]> {
  await Worktool.linesOfAll(workers, /^{"event":"acked"/, tasks);
  for (const worker of workers) worker.kill("SIGTERM");
  return await Promise.all(workers.map((worker) => worker.exited));
}

brokerTest("--json tells when a task has arrived, before its work starts", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "one", "two", "three");
  const exit = await broker.run("work", queue, ["--prefetch", "0", "--count", "3", "--json"]);
  const told = events(exit);
  assert.equal(told[0]!.event, "waiting");
  const idsOf = (name: string) => events(exit, name).map(({ messageId }) => messageId);
  assert.deepEqual(idsOf("delivered"), idsOf("received"));
  for (const id of idsOf("received")) {
    const names = told.filter(({ messageId }) => messageId === id).map(({ event }) => event);
    assert.deepEqual(names, ["delivered", "received", "done", "acked"]);
  }
});
