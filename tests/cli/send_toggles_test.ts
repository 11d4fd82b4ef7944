/** Every toggle of `worktool send`, observed at the broker. */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";

brokerTest("a task is persistent and has a unique id unless told otherwise", async (broker) => {
  const queue = broker.queue();
  await broker.run("send", queue, ["one"]);
  await broker.run("send", queue, ["two"]);
  await broker.run("send", queue, ["--transient", "--message-id", "mine", "three"]);
  const [one, two, three] = (await broker.take(queue)).map(({ properties }) => properties);
  assert.equal(one!.deliveryMode, 2);
  assert.match(one!.messageId, /^[0-9a-f-]{36}$/);
  assert.notEqual(one!.messageId, two!.messageId);
  assert.equal(three!.deliveryMode, 1);
  assert.equal(three!.messageId, "mine");
});

brokerTest("ttl, priority, headers and content type travel as properties", async (broker) => {
  const queue = broker.queue();
  const { code } = await broker.run("send", queue, [
    ...["--ttl", "30s", "--priority", "7", "--content-type", "text/plain"],
    ...["--header", "user: 7: x", "-H", "colour=red=green", "-H", "empty:"],
    "task",
  ]);
  assert.equal(code, 0);
  const [message] = await broker.take(queue);
  const { expiration, priority, contentType, headers } = message!.properties;
  assert.deepEqual({ expiration, priority, contentType, headers }, {
    expiration: "30000",
    priority: 7,
    contentType: "text/plain",
    headers: { user: "7: x", colour: "red=green", empty: "" },
  });
});

brokerTest("a task leaves the queue when its ttl is over", async (broker) => {
  const queue = broker.queue();
  await broker.run("send", queue, ["--ttl", "1ms", "short-lived"]);
  await broker.becomesReady(queue, 0);
  await broker.run("send", queue, ["--ttl", "10m", "long-lived"]);
  assert.deepEqual(await broker.takeBodies(queue), ["long-lived"]);
});

brokerTest("the queue is declared durable, or not, as told", async (broker) => {
  const durable = broker.queue();
  await broker.run("send", durable, ["x"]);
  await broker.declareQueue(durable, { durable: true }); // 406 if it were not
  const transient = broker.queue();
  await broker.run("send", transient, ["--no-durable", "x"]);
  await broker.declareQueue(transient, { durable: false });
});

brokerTest("queue arguments keep their types", async (broker) => {
  const queue = broker.queue();
  const { code, stderr } = await broker.run("send", queue, [
    ...["--queue-arg", "x-max-length=2", "--queue-arg", "x-overflow=drop-head"],
    ...["--queue-arg", "x-single-active-consumer=true", "--queue-arg", 'x-note="7"'],
    ...["--queue-arg", "x-other=-7"],
    "one",
  ]);
  assert.equal(code, 0, stderr);
  await broker.declareQueue(queue, {
    arguments: {
      "x-max-length": 2,
      "x-overflow": "drop-head",
      "x-single-active-consumer": true,
      "x-note": "7",
      "x-other": -7,
    },
  });
});

brokerTest("--queue-type declares a quorum queue", async (broker) => {
  const queue = broker.queue();
  await broker.run("send", queue, ["--queue-type", "quorum", "x"]);
  await broker.declareQueue(queue, { arguments: { "x-queue-type": "quorum" } });
  const worked = await broker.run("work", queue, ["--queue-type", "quorum", "--until-empty"]);
  assert.match(worked.stdout, /Received 'x'/);
});

brokerTest("--no-declare uses a queue that was declared differently", async (broker) => {
  const queue = broker.queue();
  await broker.declareQueue(queue, { durable: false, autoDelete: true });
  const { code, stdout } = await broker.run("send", queue, ["--no-declare", "x"]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: " [x] Sent 'x'\n" });
});

brokerTest("an unroutable task is returned, and the exit code says so", async (broker) => {
  const { code, stdout, stderr } = await broker.run("send", broker.queue(), [
    "--no-declare",
    "lost?",
  ]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /Returned 'lost\?': no queue took it, it is in none \(312 NO_ROUTE\)/);
  assert.match(stderr, /leave out --no-declare to create it/);
});

brokerTest("returns are reported without confirms too", async (broker) => {
  const { code, stdout, stderr } = await broker.run("send", broker.queue(), [
    ...["--no-declare", "--no-confirm", "--json", "--count", "3", "task {n}"],
  ]);
  assert.equal(code, 1);
  assert.equal(stdout.match(/"event":"returned"/g)?.length, 3);
  assert.match(stderr, /leave out --no-declare/);
});

brokerTest("--no-mandatory lets the broker drop an unroutable task", async (broker) => {
  const { code, stdout } = await broker.run("send", broker.queue(), [
    ...["--no-declare", "--no-mandatory", "gone"],
  ]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: " [x] Sent 'gone'\n" });
});

brokerTest("--no-confirm says that nothing was confirmed", async (broker) => {
  const queue = broker.queue();
  const { code, stdout } = await broker.run("send", queue, ["--no-confirm", "--json", "x"]);
  assert.equal(code, 0);
  const [sent, stopped] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(sent.event, "sent");
  assert.equal(sent.confirmed, false);
  assert.equal(stopped.confirmed, 0);
  await broker.becomesReady(queue, 1);
});

brokerTest("a full queue that rejects publishes refuses tasks", async (broker) => {
  const queue = broker.queue();
  const limit = ["--queue-arg", "x-max-length=1", "--queue-arg", "x-overflow=reject-publish"];
  assert.equal((await broker.run("send", queue, [...limit, "fits"])).code, 0);
  const { code, stdout, stderr } = await broker.run("send", queue, [...limit, "one too many"]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /Refused 'one too many': the broker did not take it/);
  assert.deepEqual(await broker.takeBodies(queue), ["fits"]);
});

brokerTest("--rate holds a task back until it is due", async (broker) => {
  const queue = broker.queue();
  // The second is due in 17 minutes: had it not been held back, it would be there with the first.
  const slow = broker.start("send", queue, ["--rate", "0.001", "--json", "--count", "2", "{n}"]);
  await slow.event("sent");
  assert.deepEqual(await broker.takeBodies(queue), ["1"]);
  slow.kill("SIGTERM");
  const { code, stdout } = await slow.exited;
  const stopped = JSON.parse(stdout.trim().split("\n").at(-1)!);
  assert.deepEqual([code, stopped.complete, stopped.sent], [1, false, 1]);
  assert.equal((await broker.depth(queue)).ready, 0);
});

brokerTest("--rate sends all of them, in order", async (broker) => {
  const queue = broker.queue();
  const { code } = await broker.run("send", queue, ["--rate", "200", "--count", "5", "{n}"]);
  assert.equal(code, 0);
  assert.deepEqual(await broker.takeBodies(queue), ["1", "2", "3", "4", "5"]);
});
