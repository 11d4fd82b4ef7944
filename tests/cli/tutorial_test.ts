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
});

brokerTest("with prefetch 1 the worker that is free gets the next task", async (broker) => {
  const [c1, c2] = await shareOut(broker, 2, HEAVY_AND_LIGHT, [
    "--prefetch",
    "1",
    "--dot",
    "200ms",
  ]);
  // C2 does the light task while C1 is busy for four dots, and takes the next heavy one off it.
  assert.equal(c1![0], "heavy ....");
  assert.deepEqual(c2!.slice(0, 2), ["light 1.", "heavy ...."]);
  assert.deepEqual([...c1!, ...c2!].sort(), [...HEAVY_AND_LIGHT].sort());
});

brokerTest("fair dispatch is done before round-robin is", async (broker) => {
  // Compared with each other, not with a clock: 12 dots on one worker against 8 or 9 on each.
  const fair = await makespanMs(broker, "1");
  const roundRobin = await makespanMs(broker, "0");
  assert.ok(fair < roundRobin, `${fair} ms with prefetch 1, ${roundRobin} ms without a limit`);
});

/** From the first task's start to the last one's end, by the workers' own clocks. */
async function makespanMs(broker: Broker, prefetch: string): Promise<number> {
  const queue = broker.queue();
  const workers = await startWorkers(broker, queue, 2, ["--prefetch", prefetch, "--dot", "100ms"]);
  for (const task of HEAVY_AND_LIGHT) await broker.run("send", queue, [task]);
  const exits = await finish(workers, HEAVY_AND_LIGHT.length);
  const times = (name: string) =>
    exits.flatMap(events).filter(({ event }) => event === name)
      .map(({ at }) => Date.parse(at as string));
  return Math.max(...times("done")) - Math.min(...times("received"));
}

/** Starts workers, sends the tasks one after the other, and says which worker received what. */
async function shareOut(
  broker: Broker,
  workers: number,
  tasks: readonly string[],
  args: readonly string[] = ["--prefetch", "0", "--dot", "1ms"],
): Promise<unknown[][]> {
  const queue = broker.queue();
  const started = await startWorkers(broker, queue, workers, args);
  for (const task of tasks) await broker.run("send", queue, [task]);
  const exits = await finish(started, tasks.length);
  return exits.map((exit) =>
    events(exit).filter(({ event }) => event === "received").map(({ body }) => body)
  );
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
