/** `worktool expect`: what came is taken, or left where it was. */
import assert from "node:assert/strict";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { events, type Exit, Worktool } from "../support/worktool.ts";

function expectOf(broker: Broker, queue: string, ...args: string[]): Promise<Exit> {
  return Worktool.run(["expect", "--url", broker.url, "--queue", queue, ...args]);
}

/** The bodies that are in a queue, taken out of it. */
async function bodies(broker: Broker, queue: string): Promise<string[]> {
  return (await broker.take(queue)).map(({ content }) => content.toString());
}

brokerTest("expect takes those that match, and puts the others back", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "a", "order 1", "b", "order 2", "order 3");
  const { code, stdout, stderr } = await expectOf(
    ...[broker, queue, "--match", "^order [0-9]$", "--count", "2"] as const,
  );
  assert.equal(code, 0, stderr);
  assert.equal(stdout, " [x] 'order 1'\n [x] 'order 2'\n");
  assert.deepEqual(await bodies(broker, queue), ["a", "b", "order 3"]);
});

brokerTest("expect takes none where too few come, and says what came", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "a", "order 1", "b");
  const { code, stderr } = await expectOf(
    ...[broker, queue, "--match", "order", "--count", "2", "--within", "1s"] as const,
  );
  assert.equal(code, 2);
  assert.match(stderr, /^worktool: 1 of 2 came to queue '.*' within 1\.00 s\n/);
  assert.match(stderr, / {2}- 2 came that did not match: 'a', 'b'\n/);
  assert.deepEqual(await bodies(broker, queue), ["a", "order 1", "b"]);
});

brokerTest("expect --keep leaves all; --header; --json tells properties", async (broker) => {
  const queue = broker.queue();
  await broker.publish(queue, "other", { headers: { type: "invoice", n: 2 } });
  await broker.publish(queue, "this", {
    headers: { type: "invoice", n: 1 },
    contentType: "text/plain",
    messageId: "id-1",
  });
  const exit = await expectOf(
    ...[broker, queue, "--header", "type=invoice", "--header", "n=1", "--keep", "--json"] as const,
  );
  assert.equal(exit.code, 0, exit.stderr);
  const [matched, stopped] = events(exit);
  assert.deepEqual([matched!["messageId"], matched!["body"]], ["id-1", "this"]);
  assert.deepEqual(matched!["headers"], { type: "invoice", n: 1 });
  assert.equal((matched!["properties"] as Record<string, unknown>)["contentType"], "text/plain");
  assert.deepEqual([stopped!["event"], stopped!["matched"], stopped!["others"]], ["stopped", 1, 1]);
  assert.deepEqual(await bodies(broker, queue), ["other", "this"]);
});

brokerTest("expect waits for tasks, and for a queue that is made later", async (broker) => {
  const queue = broker.queue();
  await using expected = Worktool.start(
    ["expect", "--url", broker.url, "--queue", queue, "--count", "2", "--within", "50s"],
  );
  await broker.send(queue, "first");
  await expected.line(/'first'/);
  await broker.send(queue, "second");
  assert.equal((await expected.exited).code, 0);
  assert.deepEqual(await bodies(broker, queue), []);
  const missing = await expectOf(broker, broker.queue(), "--within", "3s");
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /^worktool: there was no queue '.*' within 3\.00 s\n/);
});

brokerTest("expect that is stopped takes none", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "first");
  await using expected = Worktool.start(
    ["expect", "--url", broker.url, "--queue", queue, "--count", "2", "--within", "50s"],
  );
  await expected.line(/'first'/);
  expected.kill("SIGTERM");
  const { code, stderr } = await expected.exited;
  assert.deepEqual([code, stderr], [1, "worktool: stopped: 1 of 2 had come\n"]);
  assert.deepEqual(await bodies(broker, queue), ["first"]);
});

Deno.test("expect: a regular expression that is none is a mistake of usage", async () => {
  const { code, stderr } = await Worktool.run(["expect", "--match", "("]);
  assert.equal(code, 64);
  assert.match(stderr, /argument '\(' is invalid\. Invalid regular expression/);
});
