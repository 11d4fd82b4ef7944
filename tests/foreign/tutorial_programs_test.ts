/**
 * The programs of RabbitMQ's tutorial "Work Queues" (Python, pika) beside worktool on one queue, in
 * both eras: until 2026 it declared a classic queue, since March 2026 a quorum queue.
 */
import assert from "node:assert/strict";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { Worktool } from "../support/worktool.ts";
import { missingPackage, PYTHON } from "./python_client.ts";

const FOLDER = new URL("tutorial/", import.meta.url).pathname;
const missing = missingPackage("pika", "python3-pika");

function start(program: string, { url }: Broker, queue: string, era: string, ...args: string[]) {
  const command = [PYTHON, "-u", `${FOLDER}elsewhere.py`, FOLDER + program, url, queue, era];
  return Worktool.start(args, { command });
}

/** Sends a task with the tutorial's program. */
async function newTask(broker: Broker, queue: string, era: string, task: string): Promise<void> {
  await using program = start("new_task.py", broker, queue, era, task);
  const { code, stdout, stderr } = await program.exited;
  assert.equal(code, 0, stderr);
  assert.equal(stdout, ` [x] Sent ${task}\n`);
}

for (const era of ["classic", "quorum"]) {
  if (missing) {
    Deno.test.ignore(`the tutorial's ${era} programs [${missing} is missing]`, () => {});
    continue;
  }

  brokerTest(`tutorial, ${era} queue: new_task.py sends, worktool works`, async (broker) => {
    const queue = broker.queue();
    await newTask(broker, queue, era, "A task");
    const { code, stdout, stderr } = await broker.run("work", queue, ["--until-empty"]);
    assert.equal(code, 0, stderr);
    assert.equal(
      stdout,
      " [*] Waiting for messages. To exit press CTRL+C\n [x] Received 'A task'\n [x] Done\n",
    );
    assert.match(stderr, /^\[i\] Stopped: the queue is empty\. 1 done.*\n$/);
  });

  brokerTest(`tutorial, ${era} queue: worktool sends, worker.py works`, async (broker) => {
    const queue = broker.queue();
    await using worker = start("worker.py", broker, queue, era);
    await worker.line(/Waiting for messages/);
    const { code, stdout, stderr } = await broker.run("send", queue, ["A", "task"]);
    assert.deepEqual([code, stdout, stderr], [0, " [x] Sent 'A task'\n", ""]);
    await worker.line(/\[x\] Received A task/);
    await worker.line(/\[x\] Done/);
  });

  brokerTest(`tutorial, ${era} queue: worktool and worker.py share the tasks`, async (broker) => {
    const queue = broker.queue();
    await using theirs = start("worker.py", broker, queue, era);
    await theirs.line(/Waiting for messages/);
    const ours = await broker.startWorker(queue);
    await newTask(broker, queue, era, "one.");
    await newTask(broker, queue, era, "two.");
    await Promise.all([theirs.line(/\[x\] Done/), ours.line(/\[x\] Done/)]);
    ours.kill("SIGTERM");
    assert.equal((await ours.exited).code, 0);
  });
}

brokerTest("tutorial: programs of both eras, on the queue that worktool made", async (broker) => {
  if (missing) return;
  for (const [era, flags] of [["classic", []], ["quorum", ["--queue-type", "quorum"]]] as const) {
    const queue = broker.queue();
    assert.equal((await broker.run("send", queue, [...flags, "ours"])).code, 0);
    await newTask(broker, queue, era, "theirs");
    assert.deepEqual(await broker.takeBodies(queue), ["ours", "theirs"]);
  }
});
