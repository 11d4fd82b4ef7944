/** A queue that exists is taken as it is, unless a flag says otherwise. */
import assert from "node:assert/strict";
import { retryQueueDeclaration } from "../../src/retry/retry_queues.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { ChannelErrors } from "../support/channel_errors.ts";
import { events, Worktool } from "../support/worktool.ts";

const QUORUM = { durable: true, arguments: { "x-queue-type": "quorum" } };

interface Existing {
  readonly kind: string;
  readonly durable: boolean;
  readonly autoDelete?: boolean;
  readonly arguments?: Readonly<Record<string, string | number>>;
  /**
   * What is said of it where it is known; undefined of what worktool would have declared itself.
   */
  readonly words?: string;
}

const EXISTING: readonly Existing[] = [
  { kind: "as worktool declares it", durable: true },
  { kind: "not durable", durable: false },
  { kind: "a quorum queue", ...QUORUM, words: "durable, quorum" },
  {
    kind: "with a limit",
    durable: true,
    arguments: { "x-max-length": 10 },
    words: "durable, x-max-length=10",
  },
  {
    kind: "deleted with its last consumer",
    durable: true,
    autoDelete: true,
    words: "durable, deleted with its last consumer",
  },
];

function run(errors: ChannelErrors, command: string, queue: string, ...args: string[]) {
  return Worktool.run([command, "--url", errors.url, "--queue", queue, ...args]);
}

for (const { kind, words, ...properties } of EXISTING) {
  brokerTest(`a queue that exists, ${kind}: taken, and no channel error`, async (broker) => {
    const queue = broker.queue();
    await broker.declareQueue(queue, properties);
    await using errors = await ChannelErrors.watch(broker.url);
    const sent = await run(errors, "send", queue, "task");
    assert.deepEqual([sent.code, sent.stderr], [0, ""]);
    const worked = await run(errors, "work", queue, "--until-empty");
    assert.equal(worked.code, 0, worked.stderr);
    assert.match(worked.stdout, /Received 'task'/);
    assert.equal(errors.count, 0);
  });

  brokerTest(`a queue that exists, ${kind}: said where it is known`, async (broker) => {
    const queue = broker.queue();
    await broker.declareQueue(queue, properties);
    const flag = properties.durable ? "--durable" : "--no-durable";
    const text = await broker.run("send", queue, [flag, "task"]);
    assert.equal(text.code, 0, text.stderr);
    assert.equal(text.stderr, words ? ` [i] Queue '${queue}' exists: ${words}\n` : "");
    const [found] = events(await broker.run("send", queue, [flag, "--json", "task"]), "found");
    const { durable, autoDelete = false, arguments: args = {} } = properties;
    assert.deepEqual(
      found && [found.durable, found.autoDelete, found.arguments],
      words && [durable, autoDelete, args],
    );
  });
}

brokerTest("a flag that contradicts the queue that exists: 65, as ever", async (broker) => {
  const queue = broker.queue();
  await broker.declareQueue(queue, { durable: true, arguments: { "x-max-length": 10 } });
  for (
    const [flags, told] of [
      [["--no-durable"], /durable is 'true' there, but was asked for as 'false'/],
      [["--queue-type", "quorum"], /x-queue-type is .* there, but was asked for as 'quorum'/],
      [["--queue-arg", "x-max-length=11"], /x-max-length is '10' .*there, but .* as '11'/],
      [["--queue-arg", "x-expires=60000"], /x-expires is none there/],
    ] as const
  ) {
    for (const command of ["send", "work"] as const) {
      const words = command === "send" ? ["x"] : [];
      const { code, stderr } = await broker.run(command, queue, [...flags, ...words]);
      assert.equal(code, 65, stderr);
      assert.match(stderr, told);
      assert.match(stderr, /leave that flag out: the queue is then taken as it is/);
    }
  }
  assert.equal((await broker.depth(queue)).ready, 0);
});

brokerTest("a queue that is missing is declared, durable, with one error", async (broker) => {
  const queue = broker.queue();
  await using errors = await ChannelErrors.watch(broker.url);
  const { code, stderr } = await run(errors, "send", queue, "task");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(errors.count, 1);
  await broker.declareQueue(queue, { durable: true }); // 406 if it were not
});

brokerTest(
  "retry and dead-letter queues of a quorum queue are quorum queues, unasked",
  async (broker) => {
    const queue = broker.taskQueue();
    await broker.declareQueue(queue, QUORUM);
    assert.deepEqual(await workInVain(broker, queue), [1, 1]);
    const retryQueue = retryQueueDeclaration(queue, 10, { quorum: true });
    await broker.declareQueue(retryQueue.name, retryQueue); // 406 if it were another
    const dead = await broker.run("send", `${queue}.dead`, ["--queue-type", "classic", "x"]);
    assert.equal(dead.code, 65);
    assert.match(dead.stderr, /x-queue-type is 'quorum' there/);
    // With its dead-letter queue there, the one error is the question for the type.
    await using errors = await ChannelErrors.watch(broker.url);
    assert.deepEqual(await workInVain(broker, queue, errors.url), [1, 1]);
    assert.equal(errors.count, 1);
  },
);

brokerTest("a type that is given is not asked for: no error", async (broker) => {
  const queue = broker.taskQueue();
  await broker.declareQueue(queue, QUORUM);
  await workInVain(broker, queue);
  await using errors = await ChannelErrors.watch(broker.url);
  assert.deepEqual(await workInVain(broker, queue, errors.url, "--queue-type", "quorum"), [0, 1]);
  assert.equal(errors.count, 0);
});

/**
 * Runs a command that fails. @returns how often the queue was said to be found, and how many died
 */
async function workInVain(
  broker: Broker,
  queue: string,
  url = broker.url,
  ...flags: string[]
): Promise<[found: number, dead: number]> {
  await broker.send(queue, "task");
  const exit = await Worktool.run([
    ...["work", "--url", url, "--queue", queue, ...flags, "--json", "--count", "1"],
    ...["--backoff", "10ms", "--", "false"],
  ]);
  assert.equal(exit.code, 1, exit.stderr);
  return [events(exit, "found").length, events(exit, "dead").length];
}
