/** `worktool broker --fault`: what goes wrong, and what never does. */
import assert from "node:assert/strict";
import type { ConsumeMessage } from "amqplib";
import { eventually, within } from "../support/deadline.ts";
import { body, FaultyBroker, withFaults } from "../support/faulty_broker.ts";
import { events, EXECUTABLE, Worktool } from "../support/worktool.ts";

const TASKS = 200;
const LINES = Array.from({ length: TASKS }, (_, n) => `task ${n + 1}\n`).join("");

/** Faults that a whole cycle of tasks gets through. */
const SURVIVED = [
  "redeliver:10%",
  "close-connection:after=50",
  "close-connection:541:2%",
  "drop:2%",
  "drop:after=50",
  "delay:0..5ms",
  "blocked:after=100:for=200ms",
  "cancel:after=10:times=3",
  "redeliver:5%,drop:1%,cancel:after=50:times=2",
];

for (const fault of SURVIVED) {
  Deno.test(`check passes a broker with --fault ${fault}`, async () => {
    const check = [EXECUTABLE, "check", "--count", "300", "--json"];
    const exit = await withFaults(fault, check);
    assert.equal(exit.code, 0, `${exit.stdout}\n${exit.stderr}`);
    const [stopped] = events(exit, "stopped");
    assert.deepEqual([stopped!["lost"], stopped!["confirmed"]], [[], 300]);
    for (const [kind, made] of Object.entries(exit.made)) assert.ok(made > 0, kind);
  });
}

/** Those, and faults that end a sender or a worker: both are started again until all is done. */
for (
  const fault of [...SURVIVED, "nack-confirm:10%", "close-channel:5%", "close-channel:after=20"]
) {
  Deno.test(`send and work lose nothing that was confirmed with --fault ${fault}`, async () => {
    await using broker = await FaultyBroker.start(fault);
    const at = ["--url", broker.url, "--json"];
    const sent = await Worktool.run(["send", "--lines", ...at], { stdin: LINES });
    const confirmed = events(sent, "sent").map(({ body }) => body);
    assert.ok(confirmed.length > 0);
    assert.equal(sent.code === 0, confirmed.length === TASKS, sent.stderr);
    const received = new Set<unknown>();
    await eventually("a worker to come to the end of the queue", async () => {
      const work = await Worktool.run(["work", "--until-empty", "--dot", "0", ...at]);
      for (const { body } of events(work, "received")) received.add(body);
      return work.code === 0;
    });
    assert.deepEqual(confirmed.filter((body) => !received.has(body)), []);
    for (const [kind, made] of Object.entries(await broker.stop())) assert.ok(made > 0, kind);
  });
}

Deno.test("faults: the same seed makes the same faults, another seed others", async () => {
  const nacked = async (seed: string) => {
    await using broker = await FaultyBroker.start("nack-confirm:20%", ["--seed", seed]);
    const connection = await broker.connect();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("q");
    const refused: number[] = [];
    for (let n = 1; n <= 50; n++) {
      channel.sendToQueue("q", body(n), {}, (error) => void (error && refused.push(n)));
      if (n % 7 === 0) await channel.waitForConfirms().catch(() => {}); // bursts of other sizes
    }
    await channel.waitForConfirms().catch(() => {});
    const { messageCount } = await channel.checkQueue("q");
    assert.equal(messageCount, 50 - refused.length, "what is refused is not stored");
    await connection.close();
    assert.deepEqual(await broker.stop(), { "nack-confirm": refused.length });
    return refused;
  };
  const first = await nacked("1");
  assert.ok(first.length > 0);
  assert.deepEqual(await nacked("1"), first);
  assert.notDeepEqual(await nacked("2"), first);
});

Deno.test("nack-confirm: a task that no queue takes is returned and confirmed", async () => {
  await using broker = await FaultyBroker.start("nack-confirm:100%");
  const connection = await broker.connect();
  const channel = await connection.createConfirmChannel();
  const returned = new Promise((resolve) => channel.once("return", resolve));
  channel.sendToQueue("no-such-queue", body("lost"), { mandatory: true });
  await channel.waitForConfirms();
  await within(returned, () => "the task to be returned");
  await connection.close();
  assert.deepEqual(await broker.stop(), { "nack-confirm": 0 });
});

/** As RabbitMQ refuses for a moment what is published to a quorum queue that is new. */
const QUORUM = ["--queue-type", "quorum"];

Deno.test("nack-confirm: what a quorum queue refuses for a moment is sent all the same", async () => {
  for (const seed of ["1", "2", "3", "4"]) {
    await using broker = await FaultyBroker.start("nack-confirm:50%", ["--seed", seed]);
    const { code, stderr } = await Worktool.run(["send", "--url", broker.url, ...QUORUM, "task"]);
    assert.equal(code, 0, stderr);
    await broker.stop();
  }
});

Deno.test("nack-confirm: failed tasks of a quorum queue are moved all the same", async () => {
  await using broker = await FaultyBroker.start("nack-confirm:20%", ["--seed", "1"]);
  const at = ["--url", broker.url, ...QUORUM];
  const sent = await Worktool.run(["send", ...at, "--no-confirm", "--count", "30", "task {n}"]);
  assert.equal(sent.code, 0, sent.stderr);
  const worker = await Worktool.run([
    ...["work", ...at, "--json", "--until-empty", "--attempts", "2", "--backoff", "10ms"],
    ...["--", "false"],
  ]);
  assert.equal(worker.code, 1, worker.stderr);
  const [stopped] = events(worker, "stopped");
  assert.deepEqual([stopped!["retried"], stopped!["dead"]], [30, 30]);
  assert.ok((await broker.stop())["nack-confirm"]! > 0);
});

for (const type of ["classic", "quorum"]) {
  Deno.test(`redeliver: a delivery comes back as after a lost connection [${type}]`, async () => {
    await using broker = await FaultyBroker.start("redeliver:after=1");
    const connection = await broker.connect();
    const channel = await connection.createChannel();
    await channel.assertQueue("q", { arguments: { "x-queue-type": type } });
    for (const task of ["one", "two", "three"]) channel.sendToQueue("q", body(task));
    const seen: string[] = [];
    const done = Promise.withResolvers<void>();
    await channel.prefetch(1);
    await channel.consume("q", (message) => {
      const { content, fields, properties } = message!;
      const count = properties.headers?.["x-delivery-count"];
      seen.push(`${content} ${fields.redelivered} ${count}`);
      channel.ack(message!);
      if (`${content}` === "three") done.resolve();
    });
    await within(done.promise, () => `three tasks, there are ${seen}`);
    const count = type === "quorum" ? 1 : undefined;
    assert.deepEqual(seen, [
      "one false undefined",
      "two false undefined",
      `two true ${count}`,
      "three false undefined",
    ]);
    await connection.close();
    await broker.stop();
    assert.deepEqual(broker.made, ["redeliver 1 delivery 2"]);
  });
}

Deno.test("cancel: after so many deliveries, and what was delivered may be settled", async () => {
  await using broker = await FaultyBroker.start("cancel:after=3");
  const connection = await broker.connect();
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("q");
  for (let n = 1; n <= 5; n++) channel.sendToQueue("q", body(n));
  await channel.waitForConfirms();
  const got: ConsumeMessage[] = [];
  const cancelled = Promise.withResolvers<void>();
  await channel.consume("q", (message) => {
    if (message === null) cancelled.resolve();
    else got.push(message);
  });
  await within(cancelled.promise, () => "basic.cancel");
  assert.deepEqual(got.map(({ content }) => `${content}`), ["1", "2", "3"]);
  for (const message of got) channel.ack(message);
  const { consumerCount, messageCount } = await channel.checkQueue("q");
  assert.deepEqual([consumerCount, messageCount], [0, 2]);
  await connection.close();
});

Deno.test("close-channel: with its code, and what went before counts", async () => {
  await using broker = await FaultyBroker.start("close-channel:404:after=3");
  const connection = await broker.connect();
  const channel = await connection.createConfirmChannel();
  const closed = new Promise<{ code: number }>((resolve) => channel.once("error", resolve));
  await channel.assertQueue("q");
  const confirmed: number[] = [];
  for (let n = 1; n <= 5; n++) {
    channel.sendToQueue("q", body(n), {}, (error) => void (error ?? confirmed.push(n)));
  }
  const { code } = await within(closed, () => "channel.close");
  assert.equal(code, 404);
  assert.deepEqual(confirmed, [1, 2, 3]);
  const other = await connection.createChannel();
  assert.equal((await other.checkQueue("q")).messageCount, 3);
  await connection.close();
});

Deno.test("close-connection and drop end the connection, and others go on", async () => {
  for (
    const [fault, expected] of [["close-connection", /541/], ["drop", /Unexpected close|closed/]]
  ) {
    const code = fault === "drop" ? "" : ":541";
    await using broker = await FaultyBroker.start(`${fault}${code}:after=2:times=1`);
    const other = await broker.connect();
    const connection = await broker.connect();
    const ended = new Promise<Error>((resolve) => connection.once("close", resolve));
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("q");
    const confirmed: number[] = [];
    for (let n = 1; n <= 4; n++) {
      channel.sendToQueue("q", body(n), {}, (error) => void (error ?? confirmed.push(n)));
    }
    const error = await within(ended, () => "the connection to end");
    assert.match(`${error}`, expected as RegExp);
    assert.deepEqual(confirmed, [1, 2]);
    const { messageCount } = await (await other.createChannel()).checkQueue("q");
    assert.equal(messageCount, 2);
    await other.close();
    await broker.stop();
    assert.deepEqual(broker.made, [`${fault} 2 task 2`]);
  }
});

Deno.test("blocked: publishers hear that they have to wait, and that they need not", async () => {
  await using broker = await FaultyBroker.start("blocked:after=2:for=300ms");
  const connection = await broker.connect();
  const heard: string[] = [];
  const unblocked = new Promise<void>((resolve) => {
    connection.on("blocked", (reason) => heard.push(`blocked: ${reason}`));
    connection.on("unblocked", () => resolve(void heard.push("unblocked")));
  });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("q");
  for (let n = 1; n <= 4; n++) channel.sendToQueue("q", body(n));
  await within(unblocked, () => `connection.unblocked, there is ${heard}`);
  await channel.waitForConfirms();
  assert.deepEqual(heard, ["blocked: low on memory", "unblocked"]);
  await connection.close();
  assert.deepEqual(await broker.stop(), { blocked: 1 });
});

Deno.test("full-disk: refuses and confirms nothing, until there is room again", async () => {
  const data = await Deno.makeTempDir({ prefix: "worktool-test-" });
  try {
    const full = "full-disk:after=2:for=300ms";
    await using broker = await FaultyBroker.start(full, ["--data", data]);
    const connection = await broker.connect();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("q");
    const publish = (task: string) =>
      new Promise<string>((resolve) => {
        const done = (error: unknown) => resolve(error ? "refused" : "confirmed");
        channel.sendToQueue("q", body(task), { persistent: true }, done);
      });
    assert.equal(await publish("one"), "confirmed");
    assert.equal(await publish("two"), "refused");
    assert.equal(await publish("three"), "refused");
    const kept = ["one"];
    await eventually("room on the disk", async () => {
      const outcome = await publish("four");
      if (outcome === "confirmed") kept.push("four");
      return outcome === "confirmed";
    });
    await connection.close();
    assert.deepEqual(await broker.stop(), { "full-disk": 1 });
    const work = ["--", EXECUTABLE, "work", "--queue", "q", "--until-empty", "--json"];
    const found = await Worktool.run(["broker", "--data", data, ...work]);
    assert.deepEqual(events(found, "received").map(({ body }) => body), kept);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("delay: the order of a channel is kept", async () => {
  await using broker = await FaultyBroker.start("delay:5ms..50ms");
  const connection = await broker.connect();
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("q");
  const heard: string[] = [];
  const all = Promise.withResolvers<void>();
  await channel.consume("q", (message) => {
    heard.push(`${message!.content}`);
    channel.ack(message!);
    if (heard.length === 50) all.resolve();
  });
  for (let n = 1; n <= 50; n++) channel.sendToQueue("q", body(n));
  await within(all.promise, () => `50 tasks, there are ${heard.length}`);
  assert.deepEqual(heard, Array.from({ length: 50 }, (_, n) => `${n + 1}`));
  await connection.close();
});

Deno.test("faults are told in words, with the seed that makes them again", async () => {
  const flags = ["broker", "--fault", "redeliver:after=1,drop:1%", "--seed", "3", "--"];
  const script = `printf '1\\n2\\n' | "${EXECUTABLE}" send --lines >/dev/null && ` +
    `"${EXECUTABLE}" work --until-empty --dot 0 >/dev/null`;
  const { code, stderr } = await Worktool.run([...flags, "sh", "-c", script]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^faults on purpose: the same ones come with --seed 3\n/);
  assert.match(stderr, /^\[\d+\] fault redeliver on channel 1, delivery 2$/m);
  assert.match(stderr, /^faults made with --seed 3: 1 redeliver, 0 drop\n$/m);
});

Deno.test("faults: what cannot be meant is said before the broker listens", async () => {
  for (
    const [flags, message] of [
      [["--fault", "nack:5%"], /There is no fault 'nack'\. Did you mean nack-confirm\?/],
      [["--fault", "full-disk", "--memory"], /full-disk needs a directory .* --data\n$/],
      [["--fault", "delay:1s,delay:2s"], /--fault delay can be given once\n$/],
      [["--seed", "3"], /--seed needs --fault\n$/],
    ] as const
  ) {
    const { code, stdout, stderr } = await Worktool.run(["broker", "--port", "0", ...flags]);
    assert.deepEqual([code, stdout], [64, ""]);
    assert.match(stderr, message);
  }
});
