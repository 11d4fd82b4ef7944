/** `worktool dead`: looking changes nothing, a replay loses nothing and ends, a purge is meant. */
import assert from "node:assert/strict";
import type { Death } from "../../src/retry/dead_letter.ts";
import { DeadLetterQueue } from "../../src/retry/dead_letter_queue.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { WorkQueue } from "../support/work_queue.ts";
import { events, EXECUTABLE, type Exit, Worktool } from "../support/worktool.ts";

/** A work queue with dead letters, made as a worker makes them. */
class Dead implements AsyncDisposable {
  readonly work: WorkQueue;
  readonly queue: string;
  readonly deadLetterQueue: string;
  readonly #broker: Broker;
  readonly #deadLetters: DeadLetterQueue;

  private constructor(broker: Broker, work: WorkQueue, quorum: boolean) {
    this.#broker = broker;
    this.work = work;
    this.queue = work.name;
    this.deadLetterQueue = broker.derivedQueue(`${work.name}.dead`);
    const options = { name: this.deadLetterQueue, isQuorum: () => Promise.resolve(quorum) };
    this.#deadLetters = new DeadLetterQueue(work.connection, work.republisher, options);
  }

  static async open(broker: Broker, { quorum = false } = {}): Promise<Dead> {
    const dead = new Dead(broker, await WorkQueue.open(broker), quorum);
    await dead.#deadLetters.declare();
    return dead;
  }

  async add(body: string | Uint8Array, options = {}, death: Partial<Death> = {}): Promise<void> {
    await this.work.publish(body, options);
    const original = await this.work.receive();
    await this.#deadLetters.add(original, {
      queue: this.queue,
      attempts: 3,
      reason: "exit status 1",
      exitStatus: 1,
      at: new Date("2026-01-02T03:04:05.678Z"),
      worker: "C1",
      ...death,
    });
    this.work.ack(original);
  }

  run(...args: string[]): Promise<Exit> {
    return Worktool.run(this.#arguments(args));
  }

  /** By a reader who reads one line. */
  runForHead(...args: string[]): Promise<Exit> {
    return Worktool.run(this.#arguments(args), {
      command: ["bash", "-o", "pipefail", "-c", '"$@" | head -1', "shell", EXECUTABLE],
    });
  }

  #arguments([action, ...flags]: readonly string[]): string[] {
    return ["dead", action!, "--url", this.#broker.url, "--queue", this.queue, ...flags];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.work[Symbol.asyncDispose]();
  }
}

brokerTest("dead ls lists dead letters in their order and takes none", async (broker) => {
  await using dead = await Dead.open(broker);
  await dead.add("first task", { messageId: "id-1" });
  await dead.add("second task", {}, { attempts: 10, reason: "timeout after 5s" });
  for (let look = 0; look < 2; look++) {
    const { code, stdout, stderr } = await dead.run("ls");
    assert.equal(code, 0, stderr);
    assert.equal(
      stdout,
      "DIED AT               ATTEMPTS  REASON            MESSAGE ID  BODY\n" +
        "2026-01-02T03:04:05Z         3  exit status 1     id-1        'first task'\n" +
        "2026-01-02T03:04:05Z        10  timeout after 5s  -           'second task'\n",
    );
    assert.match(stderr, /\[i\] 2 shown of 2 in '.*\.dead'\n$/);
  }
  assert.deepEqual(await broker.takeBodies(dead.deadLetterQueue), ["first task", "second task"]);
});

brokerTest("dead ls stops at --count and says that there are more", async (broker) => {
  await using dead = await Dead.open(broker);
  for (const body of ["a", "b", "c"]) await dead.add(body);
  const { code, stdout, stderr } = await dead.run("ls", "--count", "2");
  assert.equal(code, 0);
  assert.deepEqual(stdout.match(/'.'/g), ["'a'", "'b'"]);
  assert.match(stderr, /2 shown of 3 in .*; 1 not looked at, see --count/);
  assert.deepEqual(await broker.takeBodies(dead.deadLetterQueue), ["a", "b", "c"]);
});

brokerTest("dead ls shows nothing raw that a terminal would act upon", async (broker) => {
  await using dead = await Dead.open(broker);
  const evil = "\u001b[31m\u202e\r\n";
  await dead.add(evil, { messageId: evil, headers: { [evil]: evil } }, {
    reason: evil,
    stderr: evil,
  });
  for (const action of ["ls", "show"]) {
    const { stdout } = await dead.run(action);
    assert.match(stdout, /\\x1b\[31m\\u202e\\r/);
    // deno-lint-ignore no-control-regex -- they are what is looked for
    assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\u202e]/);
  }
});

brokerTest("looking leaves a quorum queue's dead letters in their order too", async (broker) => {
  await using dead = await Dead.open(broker, { quorum: true });
  for (const body of ["a", "b", "c"]) await dead.add(body);
  for (let look = 0; look < 3; look++) {
    const { stdout } = await dead.run("ls", "--match", "b");
    assert.deepEqual(stdout.match(/'.'/g), ["'b'"]);
  }
  assert.deepEqual(await broker.takeBodies(dead.deadLetterQueue), ["a", "b", "c"]);
});

brokerTest("an empty dead-letter queue is listed as such", async (broker) => {
  await using dead = await Dead.open(broker);
  const { code, stdout, stderr } = await dead.run("ls");
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
  assert.match(stderr, /0 shown of 0/);
});

brokerTest("dead show shows all of one dead letter", async (broker) => {
  await using dead = await Dead.open(broker);
  await dead.add("other", { messageId: "other" });
  await dead.add("line 1\nline 2\n", {
    messageId: "wanted",
    contentType: "text/plain",
    headers: { mine: { deep: [1, true] } },
  }, { stderr: "cannot open\nfile\n" });
  const { code, stdout } = await dead.run("show", "--id", "wanted");
  assert.equal(code, 0);
  for (
    const part of [
      "died at: 2026-01-02T03:04:05.678Z\n",
      `from queue: ${dead.queue}\n`,
      "attempts: 3\nreason: exit status 1\nworker: C1\n",
      "content-type: text/plain\n",
      "message-id: wanted\n",
      'header mine: {"deep":[1,true]}\n',
      "stderr:\n  cannot open\n  file\n",
      "body: (14 bytes)\n  line 1\n  line 2\n",
    ]
  ) assert.ok(stdout.includes(part), `${part} in ${stdout}`);
  assert.doesNotMatch(stdout, /other/);
  for (const fact of [/2026-01-02/g, /exit status 1/g, /C1/g, /cannot open/g]) {
    assert.equal(stdout.match(fact)?.length, 1, `${fact} in ${stdout}`);
  }
  assert.doesNotMatch(stdout, /header x-worktool-(?:attempts|queue|reason|exit-status|worker)/);
  assert.equal((await broker.depth(dead.deadLetterQueue)).ready, 2);
});

brokerTest("dead show says each fact of a broker's dead letter once too", async (broker) => {
  const queue = broker.taskQueue();
  await broker.declareQueue(`${queue}.dead`, {});
  await broker.declareQueue(queue, {
    arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": `${queue}.dead` },
  });
  await broker.run("send", queue, ["--no-declare", "--ttl", "1ms", "late"]);
  await broker.becomesReady(`${queue}.dead`, 1);
  const { stdout } = await Worktool.run([
    ...["dead", "show", "--url", broker.url, "--queue", queue],
  ]);
  assert.match(stdout, new RegExp(`^from queue: ${queue}\nreason: expired$`, "m"));
  assert.equal(stdout.match(/expired/g)?.length, 1, stdout);
  assert.match(stdout, /^header x-death: .*"count":1/m);
});

brokerTest("dead ls and show do not complain when their reader has seen enough", async (broker) => {
  await using dead = await Dead.open(broker);
  for (let n = 0; n < 50; n++) await dead.add("x".repeat(20_000), { messageId: `m${n}` });
  for (const args of [["ls", "--json"], ["show", "--count", "50"]]) {
    const { code, stdout, stderr } = await dead.runForHead(...args);
    assert.equal(stdout.trimEnd().split("\n").length, 1);
    assert.doesNotMatch(stderr, /EPIPE|cannot write/);
    assert.equal(code, 0, stderr);
  }
});

brokerTest("dead show --json tells everything exactly", async (broker) => {
  await using dead = await Dead.open(broker);
  const body = Uint8Array.of(0, 0xff);
  await dead.add(body, { messageId: "m", priority: 3, headers: { mine: "1" } }, { stderr: "e" });
  const [letter, stopped] = events(await dead.run("show", "--json"));
  const { at: _, ...fields } = letter!;
  assert.deepEqual(fields, {
    event: "dead-letter",
    queue: dead.queue,
    deadLetterQueue: dead.deadLetterQueue,
    messageId: "m",
    from: dead.queue,
    deadAt: "2026-01-02T03:04:05.678Z",
    attempts: 3,
    reason: "exit status 1",
    exitStatus: 1,
    stderr: "e",
    worker: "C1",
    redelivered: false,
    exchange: "",
    routingKey: dead.deadLetterQueue,
    properties: { messageId: "m", priority: 3 },
    headers: {
      mine: "1",
      "x-worktool-attempts": 3,
      "x-worktool-dead-at": "2026-01-02T03:04:05.678Z",
      "x-worktool-exchange": "",
      "x-worktool-exit-status": 1,
      "x-worktool-queue": dead.queue,
      "x-worktool-reason": "exit status 1",
      "x-worktool-routing-key": dead.queue,
      "x-worktool-stderr": "e",
      "x-worktool-worker": "C1",
    },
    body: "AP8=",
    encoding: "base64",
  });
  const { at: __, elapsedMs: ___, ...summary } = stopped!;
  assert.deepEqual(summary, {
    event: "stopped",
    queue: dead.queue,
    deadLetterQueue: dead.deadLetterQueue,
    ...{
      ready: 1,
      looked: 1,
      matched: 1,
      replayed: 0,
      returned: 0,
      refused: 0,
      kept: 0,
      purged: 0,
    },
    complete: true,
  });
});

brokerTest("what is asked for in particular and not there gives exit code 2", async (broker) => {
  await using dead = await Dead.open(broker);
  assert.equal((await dead.run("show")).code, 2);
  await dead.add("a");
  for (const action of ["ls", "show", "replay", "purge"]) {
    assert.equal((await dead.run(action, "--match", "b")).code, 2, action);
    assert.equal((await dead.run(action, "--id", "b")).code, 2, action);
  }
  assert.deepEqual(await broker.takeBodies(dead.deadLetterQueue), ["a"]);
});

brokerTest("dead replay puts all back in order, as if never tried", async (broker) => {
  await using dead = await Dead.open(broker);
  const bodies = Array.from({ length: 600 }, (_, n) => `task ${n}`);
  const properties = { persistent: true, expiration: "3600000", headers: { mine: "1" } };
  for (const body of bodies) await dead.add(body, { ...properties, messageId: body });
  const { code, stdout, stderr } = await dead.run("replay");
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /\[i\] 600 replayed, of 600 in /);
  assert.equal((await broker.depth(dead.deadLetterQueue)).ready, 0);
  const back = await broker.take(dead.queue);
  assert.deepEqual(back.map(({ content }) => content.toString()), bodies);
  const { expiration, deliveryMode, messageId, headers } = back[0]!.properties;
  assert.deepEqual({ expiration, deliveryMode, messageId }, {
    expiration: "3600000",
    deliveryMode: 2,
    messageId: "task 0",
  });
  const { "x-worktool-replay": run, ...others } = headers!;
  assert.match(run, /^[0-9a-f-]{36}$/);
  assert.deepEqual(others, {
    mine: "1",
    "x-worktool-exchange": "",
    "x-worktool-routing-key": dead.queue,
  });
});

brokerTest(
  "dead replay takes those that are meant; the others keep their places",
  async (broker) => {
    await using dead = await Dead.open(broker);
    for (const body of ["a1", "b1", "a2", "b2", "a3"]) {
      await dead.add(body, {
        messageId: `id ${body}`,
      });
    }
    assert.equal((await dead.run("replay", "--match", "a", "--count", "2")).code, 0);
    assert.deepEqual(await broker.takeBodies(dead.queue), ["a1", "a2"]);
    assert.equal((await dead.run("replay", "--id", "id b2")).code, 0);
    assert.deepEqual(await broker.takeBodies(dead.queue), ["b2"]);
    assert.deepEqual(await broker.takeBodies(dead.deadLetterQueue), ["b1", "a3"]);
  },
);

brokerTest("dead replay finds the queue that a broker's dead letter came from", async (broker) => {
  await using dead = await Dead.open(broker);
  const origin = broker.queue();
  await broker.declareQueue(origin, {
    arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.deadLetterQueue },
  });
  await dead.work.publish("rejected", {}, ["", origin]);
  const { deliveryTag } = await dead.work.receive(origin);
  dead.work.channel.raw.nack({ fields: { deliveryTag } } as never, false, false);
  await broker.becomesReady(dead.deadLetterQueue, 1);
  const listed = await dead.run("ls");
  assert.match(listed.stdout, /\d{4}-\d\d-\d\dT\S+Z +- {2}rejected +- +'rejected'/);
  const kept = await dead.run("replay");
  assert.equal(kept.code, 1);
  assert.match(
    kept.stderr,
    /Not replayed 'rejected': it came from queue '(.*)', and goes where --to/,
  );
  assert.ok(kept.stderr.includes(origin));
  assert.equal((await dead.run("replay", "--to", origin)).code, 0);
  assert.deepEqual(await broker.takeBodies(origin), ["rejected"]);
  // And without any history, the queue that is named.
  await dead.work.publish("unknown", {}, ["", dead.deadLetterQueue]);
  assert.equal((await dead.run("replay")).code, 0);
  assert.deepEqual(await broker.takeBodies(dead.queue), ["unknown"]);
});

brokerTest("dead replay believes the broker, not what a producer wrote", async (broker) => {
  await using dead = await Dead.open(broker);
  const [queue, victim] = [broker.queue(), broker.queue()];
  await broker.declareQueue(victim);
  await broker.declareQueue(queue, {
    arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.deadLetterQueue },
  });
  const run = (action: string, ...flags: string[]) => {
    const queues = ["--queue", queue, "--dead-letter", dead.deadLetterQueue];
    return Worktool.run(["dead", action, "--url", broker.url, ...queues, "--json", ...flags]);
  };
  const forged = {
    "x-worktool-queue": victim,
    "x-worktool-reason": "nothing",
    "x-death": [{
      count: 1,
      queue: victim,
      reason: "rejected",
      exchange: "",
      "routing-keys": [victim],
    }],
    "x-first-death-queue": victim,
    "x-last-death-queue": victim,
  };
  // RabbitMQ 3.10 goes on from a client's x-death, and what it adds comes first.
  await dead.work.publish("forged", { headers: forged, expiration: "1" }, ["", queue]);
  await broker.becomesReady(dead.deadLetterQueue, 1);
  const [letter] = events(await run("show"));
  assert.deepEqual([letter!.from, letter!.reason, letter!.attempts], [queue, "expired", undefined]);
  // What is put into the dead-letter queue itself can claim anything: it must be asked for.
  const planted = { headers: { "x-worktool-queue": victim } };
  await dead.work.publish("planted", planted, ["", dead.deadLetterQueue]);
  const replayed = await run("replay");
  assert.equal(replayed.code, 1);
  const told = events(replayed).map(({ event, to, from }) => [event, to ?? from]);
  assert.deepEqual(told.slice(0, -1).sort(), [["kept", victim], ["replayed", queue]]);
  assert.equal((await broker.depth(victim)).ready, 0);
  assert.equal((await run("replay", "--to", victim)).code, 0);
  assert.deepEqual(await broker.takeBodies(victim), ["planted"]);
});

brokerTest(
  "what died elsewhere before, and was given up here, is replayed here",
  async (broker) => {
    await using dead = await Dead.open(broker);
    const death = { queue: "inbox", reason: "rejected", exchange: "", "routing-keys": ["inbox"] };
    await dead.add("moved on", { headers: { "x-death": [death] } });
    const [letter] = events(await dead.run("show", "--json"));
    assert.equal(letter!.from, dead.queue);
    assert.equal(letter!.headers["x-worktool-x-death"][0].queue, "inbox");
    assert.equal((await dead.run("replay")).code, 0);
    assert.deepEqual(await broker.takeBodies(dead.queue), ["moved on"]);
  },
);

brokerTest("what dies again at once is not replayed again in the same run", async (broker) => {
  // The work queue is a dead end: it gives everything to the dead-letter queue at once.
  await using dead = await Dead.open(broker);
  const trap = broker.queue();
  await broker.declareQueue(trap, {
    arguments: {
      "x-message-ttl": 0,
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": dead.deadLetterQueue,
    },
  });
  for (const body of ["a", "b", "c"]) await dead.add(body, {}, { queue: trap });
  const { code, stderr } = await dead.run("replay", "--to", trap);
  assert.equal(code, 0);
  assert.match(stderr, /3 replayed, of 3/);
  await broker.becomesReady(dead.deadLetterQueue, 3);
  assert.deepEqual(await broker.takeBodies(dead.deadLetterQueue), ["a", "b", "c"]);
});

brokerTest("a dead letter whose queue is gone stays, the others are replayed", async (broker) => {
  await using dead = await Dead.open(broker);
  const gone = `${dead.queue}.gone`;
  await dead.add("lost", { messageId: "m" }, { queue: gone });
  const { code, stderr } = await dead.run("replay", "--to", gone);
  assert.equal(code, 1);
  assert.match(stderr, /Not replayed 'lost': there is no queue '.*\.gone' \(312 NO_ROUTE\)/);
  await dead.add("found");
  const next = await dead.run("replay");
  assert.equal(next.code, 1);
  assert.match(next.stderr, /1 replayed, 1 not, of 2/);
  assert.deepEqual(await broker.takeBodies(dead.queue), ["found"]);
  const [returned] = events(await dead.run("replay", "--to", gone, "--json"));
  assert.deepEqual([returned!.event, returned!.to], ["returned", gone]);
  assert.deepEqual(await broker.takeBodies(dead.deadLetterQueue), ["lost"]);
});

brokerTest("a full work queue refuses; nothing is lost", async (broker) => {
  await using dead = await Dead.open(broker);
  const full = broker.queue();
  await broker.declareQueue(full, {
    arguments: { "x-max-length": 1, "x-overflow": "reject-publish" },
  });
  for (const body of ["a", "b"]) await dead.add(body, {}, { queue: full });
  const exit = await dead.run("replay", "--to", full, "--json");
  assert.equal(exit.code, 1);
  // A broker may refuse the second before it has confirmed the first.
  const names = events(exit).map(({ event }) => event).sort();
  assert.deepEqual(names, ["refused", "replayed", "stopped"]);
  assert.deepEqual(await broker.takeBodies(full), ["a"]);
  assert.deepEqual(await broker.takeBodies(dead.deadLetterQueue), ["b"]);
});

brokerTest("dead purge deletes those that are meant, all only with --all", async (broker) => {
  await using dead = await Dead.open(broker);
  for (const body of ["a1", "b1", "a2", "b2"]) await dead.add(body);
  const refused = await dead.run("purge");
  assert.equal(refused.code, 64);
  assert.match(refused.stderr, /--id, --match, or --all/);
  const { code, stderr } = await dead.run("purge", "--match", "a");
  assert.equal(code, 0);
  assert.match(stderr, /2 purged of 4/);
  const exit = await dead.run("purge", "--all", "--count", "1", "--json");
  assert.deepEqual(events(exit).map(({ event }) => event), ["purged", "stopped"]);
  await dead.add("c");
  assert.match((await dead.run("purge", "--all")).stderr, /2 purged of 2/);
  assert.equal((await broker.depth(dead.deadLetterQueue)).ready, 0);
});

brokerTest("--dead-letter names another queue; a missing one is explained", async (broker) => {
  await using dead = await Dead.open(broker);
  await dead.add("a");
  const queue = broker.queue();
  const missing = await Worktool.run(["dead", "ls", "--url", broker.url, "--queue", queue]);
  assert.equal(missing.code, 65);
  assert.match(missing.stderr, /there is no dead-letter queue '.*\.dead' in vhost '\/': 404/);
  assert.match(missing.stderr, /--dead-letter/);
  const flags = ["--queue", queue, "--dead-letter", dead.deadLetterQueue];
  const found = await Worktool.run(["dead", "ls", "--url", broker.url, ...flags]);
  assert.match(found.stdout, /'a'/);
  const json = await Worktool.run(["dead", "ls", "--url", broker.url, "--queue", queue, "--json"]);
  const [stopped] = events(json);
  assert.deepEqual([stopped!.event, stopped!.exitCode, stopped!.complete], ["stopped", 65, false]);
});

Deno.test("dead: mistakes are usage errors, and help is none", async () => {
  for (
    const args of [
      [],
      ["nonsense"],
      ["ls", "--count", "0"],
      ["ls", "--match", ""],
      ["ls", "--all"],
      ["purge", "--all", "--id", "x"],
      ["ls", "--queue", "q".repeat(251)],
      ["ls", "--queue", "q", "--dead-letter", "q"],
      ["replay", "--queue", "q", "--to", "q.dead"],
      ["ls", "--to", "q"],
    ]
  ) {
    const { code, stdout } = await Worktool.run(["dead", ...args]);
    assert.deepEqual({ args, code, stdout }, { args, code: 64, stdout: "" });
  }
  for (const args of [["dead", "--help"], ["dead", "ls", "--help"], ["help", "dead"]]) {
    const { code, stdout } = await Worktool.run(args);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: worktool dead/);
  }
});

Deno.test("dead: no broker is told as everywhere", async () => {
  const { code, stderr } = await Worktool.run(["dead", "ls", "--url", "amqp://127.0.0.1:1/"]);
  assert.equal(code, 69);
  assert.match(stderr, /no broker answers at 127\.0\.0\.1:1: connection refused/);
});
