/** Failed tasks that cannot be moved: none is acknowledged, and the worker says why it ends. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FRAME_BODY } from "../support/amqp_frame.ts";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { events, story } from "../support/worktool.ts";

const FULL = { arguments: { "x-max-length": 0, "x-overflow": "reject-publish" } };
const FAILS = ["--", "sh", "-c", "exit 65"];

brokerTest("a dead-letter queue that takes nothing: 65, the task is back", async (broker) => {
  const queue = broker.taskQueue();
  await broker.declareQueue(`${queue}.dead`, FULL);
  await broker.send(queue, "task");
  const exit = await broker.run("work", queue, ["--json", ...FAILS]);
  assert.equal(exit.code, 65, exit.stderr);
  assert.match(
    exit.stderr,
    /a task could not be moved: .* queue '.*\.dead' \(basic\.nack\)\n {2}- the queue is full/,
  );
  assert.deepEqual(story(exit), [
    ...["waiting", "received", "failed", "unsettled", "stopped"],
  ]);
  await broker.becomesReady(queue, 1);
});

brokerTest(
  "a retry queue that somebody declared in another way: 65, the task is back",
  async (broker) => {
    const queue = broker.taskQueue();
    await broker.declareQueue(`${queue}.retry.10ms`, {});
    await broker.send(queue, "task");
    const { code, stderr } = await broker.run("work", queue, ["--backoff", "10ms", "--", "false"]);
    assert.equal(code, 65, stderr);
    assert.match(stderr, /retry queue '.*\.retry\.10ms' exists with other properties: x-.*406/);
    assert.match(stderr, /rabbitmqctl delete_queue --if-empty '.*\.retry\.10ms'/);
    await broker.becomesReady(queue, 1);
    assert.equal((await broker.depth(`${queue}.retry.10ms`)).ready, 0);
  },
);

brokerTest(
  "a dead-letter queue that may not be declared: 77, and nothing is consumed",
  async (broker) => {
    const queue = broker.taskQueue();
    await broker.send(queue, "task");
    const args = ["--json", "--dead-letter", "amq.forbidden", ...FAILS];
    const exit = await broker.run("work", queue, args);
    assert.equal(exit.code, 77, exit.stderr);
    assert.deepEqual(events(exit, "received"), []);
    assert.deepEqual(await broker.takeBodies(queue), ["task"]);
  },
);

brokerTest(
  "dead-letter and retry queues that are deleted meanwhile are declared anew",
  async (broker) => {
    const queue = broker.taskQueue();
    const worker = broker.start("work", queue, [
      ...["--json", "--attempts", "2", "--backoff", "10ms", "--", "false"],
    ]);
    await worker.event("waiting");
    for (let round = 1; round <= 2; round++) {
      await broker.send(queue, `task ${round}`);
      await worker.printed(round, /^{"event":"dead"/);
      await broker.becomesReady(`${queue}.dead`, 1);
      assert.deepEqual(await broker.takeBodies(`${queue}.dead`), [`task ${round}`]);
      await broker.deleteQueue(`${queue}.dead`);
      await broker.deleteQueue(`${queue}.retry.10ms`);
    }
    worker.kill("SIGTERM");
    assert.equal((await worker.exited).code, 0);
  },
);

brokerTest("a task that its full queue does not take back is tried uncounted", async (broker) => {
  const queue = broker.taskQueue();
  await broker.declareQueue(queue, {
    arguments: { "x-max-length": 1, "x-overflow": "reject-publish" },
  });
  assert.equal((await broker.run("send", queue, ["--no-declare", "first"])).code, 0);
  const killed = broker.start("work", queue, ["--no-declare", "--json", "--", "sleep", "600"]);
  await killed.event("received");
  assert.equal((await broker.run("send", queue, ["--no-declare", "second"])).code, 0);
  killed.kill("SIGKILL");
  await killed.exited;
  await broker.becomesReady(queue, 2);
  const exit = await broker.run("work", queue, [
    ...["--no-declare", "--json", "--until-empty", "--", "true"],
  ]);
  assert.equal(exit.code, 0, exit.stderr);
  const received = events(exit, "received").map(({ body, attempt }) => [body, attempt]);
  assert.deepEqual(received, [["first", 2], ["second", 1]]);
  assert.equal(events(exit, "done").length, 2);
});

const LARGE = "v".repeat(70_000);

brokerTest(
  "headers too large for a copy: given up without them, the next is done",
  async (broker) => {
    const queue = broker.taskQueue();
    await broker.declareQueue(queue, {});
    await publishWithHeaders(broker, queue, "large", { large: LARGE, small: "kept" });
    await broker.send(queue, "next");
    const exit = await broker.run("work", queue, [
      ...["--json", "--until-empty", "--backoff", "10ms", "--"],
      ...["sh", "-c", '[ "$(cat)" = next ]'],
    ]);
    assert.equal(exit.code, 1, exit.stderr);
    assert.deepEqual(events(exit, "done").length, 1);
    const [letter] = await broker.take(`${queue}.dead`);
    assert.equal(letter!.content.toString(), "large");
    const headers = letter!.properties.headers!;
    assert.equal(headers.small, "kept");
    assert.equal(headers.large, undefined);
    assert.deepEqual(headers["x-worktool-dropped-headers"], ["large"]);
    assert.equal(
      headers["x-worktool-reason"],
      "exit status 1, and its headers are too large for another attempt",
    );
  },
);

brokerTest("headers too large for a copy: redelivered, it is tried uncounted", async (broker) => {
  const queue = broker.taskQueue();
  await broker.declareQueue(queue, {});
  await publishWithHeaders(broker, queue, "large", { large: LARGE });
  const killed = broker.start("work", queue, ["--json", "--", "sleep", "600"]);
  await killed.event("received");
  killed.kill("SIGKILL");
  await killed.exited;
  await broker.becomesReady(queue, 1);
  const exit = await broker.run("work", queue, ["--json", "--until-empty", "--", "true"]);
  assert.equal(exit.code, 0, exit.stderr);
  assert.equal(events(exit, "received")[0]!.attempt, 2);
});

/** With headers that amqplib itself cannot send. */
async function publishWithHeaders(
  { url }: Broker,
  queue: string,
  body: string,
  headers: Record<string, string>,
): Promise<void> {
  await using peer = await AmqpPeer.open(url);
  await peer.openChannel(1);
  peer.send(1, "basic.publish", { routingKey: queue });
  peer.sendHeader(1, { bodySize: body.length, properties: { headers } });
  peer.sendFrame(FRAME_BODY, 1, Buffer.from(body));
  await peer.call(1, "queue.declare", { queue, passive: true }); // answered after the message
  await peer.close();
}

brokerTest("a copy that is refused does not double the tasks beside it", async (broker) => {
  const queue = broker.taskQueue();
  await broker.declareQueue(`${queue}.dead`, {
    arguments: { "x-max-length": 1, "x-overflow": "reject-publish" },
  });
  await broker.send(queue, "a", "b", "c", "d");
  const exit = await broker.run("work", queue, [
    ...["--json", "--concurrency", "4", "--no-retry", "--", "sh", "-c", "exit 1"],
  ]);
  assert.equal(exit.code, 65, exit.stderr);
  const bodies = [...await broker.takeBodies(queue), ...await broker.takeBodies(`${queue}.dead`)];
  assert.deepEqual(bodies.sort(), ["a", "b", "c", "d"]);
  const [{ dead, unsettled, unfinished, requeued }] = events(exit, "stopped") as [
    Record<string, number>,
  ];
  assert.equal(dead, 1);
  assert.equal(dead + unsettled! + unfinished! + requeued!, 4);
});
