// deno-lint-ignore-file no-control-regex -- what moves the cursor is looked for
/** `worktool queue`: what AMQP alone tells and does, and what RabbitMQ's plug-ins add. */
import assert from "node:assert/strict";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { brokerList } from "../support/broker_list.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { eventually } from "../support/deadline.ts";
import { EmbeddedBroker } from "../support/embedded_broker.ts";
import { freePorts } from "../support/free_ports.ts";
import { askedWorktool } from "../support/management.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { events, EXECUTABLE, type Exit, Worktool } from "../support/worktool.ts";

/** Where nobody listens: AMQP alone tells. */
const NOWHERE = "http://127.0.0.1:1";

const QUEUE_DECLARE = methodIdBytes("queue.declare");

function queue(
  { url }: { readonly url: string },
  action: string,
  ...args: string[]
): Promise<Exit> {
  return Worktool.run(["queue", action, ...args, "--url", url]);
}

brokerTest("queue show tells what AMQP knows; the rest is unknown, not 0", async (broker) => {
  const name = broker.queue();
  await broker.send(name, "one", "two");
  const shown = await queue(broker, "show", name, "--management-url", NOWHERE);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^ready +2$/m);
  assert.match(shown.stdout, /^consumers +0$/m);
  assert.match(shown.stdout, /^unacked +unknown$/m);
  assert.match(
    shown.stderr,
    /What is unknown only RabbitMQ's plug-ins tell: http:\/\/127\.0\.0\.1:1/,
  );
  const [told] = events(await queue(broker, "show", name, "--json", "--management-url", NOWHERE));
  assert.deepEqual([told!["ready"], told!["consumers"], told!["unacked"]], [2, 0, null]);
});

brokerTest("queue show --assert and --until", async (broker) => {
  const name = broker.queue();
  await broker.send(name, "one", "two");
  const holds = await queue(broker, "show", name, "--assert", "ready == 2 && consumers == 0");
  assert.equal(holds.code, 0);
  assert.equal(holds.stdout, " [x] ready == 2 && consumers == 0: ready 2, consumers 0\n");
  const not = await queue(broker, "show", name, "--assert", "ready == 0");
  assert.equal(not.code, 2);
  assert.match(not.stderr, /^worktool: '.*': ready == 0 does not hold: ready 2\n$/);
  const unknown = ["--assert", "unacked == 0", "--management-url", NOWHERE];
  const open = await queue(broker, "show", name, ...unknown);
  assert.equal(open.code, 2);
  assert.match(open.stderr, /unacked == 0 cannot be known: unacked unknown\n/);
  const until = Worktool.start(
    ["queue", "show", name, "--url", broker.url, "--until", "ready == 0", "--for", "50s", "--json"],
  );
  assert.equal((await broker.take(name)).length, 2);
  const [told] = events(await until.exited);
  assert.deepEqual([told!["event"], told!["holds"], told!["ready"]], ["condition", true, 0]);
});

brokerTest("queue declare, peek, move, purge, delete", async (broker) => {
  const from = broker.queue();
  const to = broker.queue();
  const declared = await queue(broker, "declare", from, "--queue-arg", "x-max-length=10");
  assert.deepEqual([declared.code, declared.stdout], [0, ` [x] '${from}' is there\n`]);
  const differs = await queue(broker, "declare", from, "--queue-arg", "x-max-length=11");
  assert.equal(differs.code, 65);
  assert.match(differs.stderr, /x-max-length is '10' there/);
  await queue(broker, "declare", to, "--queue-type", "quorum");
  const first = ["--header", "type=a", "--message-id", "id-1", "one"];
  await broker.run("send", from, first);
  await broker.send(from, "two", "three");

  const peeked = await queue(broker, "peek", from, "--count", "2");
  assert.equal(peeked.stdout, " [x] 'one'\n [x] 'two'\n");
  assert.match(peeked.stderr, /^ \[i\] 2 of 3 tasks in '/);
  const again = await queue(broker, "peek", from, "--count", "1");
  assert.equal(again.stdout, " [x] 'one' (redelivered)\n");

  const moved = await queue(broker, "move", from, to);
  assert.deepEqual([moved.code, moved.stdout], [
    0,
    ` [x] Moved 3 tasks from '${from}' to '${to}'\n`,
  ]);
  const [told] = events(await queue(broker, "peek", to, "--count", "1", "--json"));
  assert.deepEqual([told!["body"], told!["messageId"]], ["one", "id-1"]);
  assert.equal((told!["headers"] as Record<string, unknown>)["type"], "a");
  assert.equal((await broker.depth(from)).ready, 0);

  const asked = await queue(broker, "purge", to);
  assert.equal(asked.code, 64);
  assert.match(asked.stderr, /has 3 tasks that would be gone: --yes/);
  const purged = await queue(broker, "purge", to, "--yes");
  assert.equal(purged.stdout, ` [x] Purged 3 tasks of '${to}'\n`);
  for (const name of [from, to]) {
    const deleted = await queue(broker, "delete", name);
    assert.equal(deleted.stdout, ` [x] Deleted '${name}' with 0 tasks\n`);
  }
  const missing = await queue(broker, "delete", from);
  assert.equal(missing.code, 65);
  assert.equal(missing.stderr, `worktool: there is no queue '${from}' in vhost '/'\n`);
});

brokerTest("queue move leaves what is not taken where it was", async (broker) => {
  const from = broker.queue();
  const to = broker.queue();
  await queue(broker, "declare", to, ...["--queue-arg", "x-max-length=1"], ...REJECTS);
  await broker.send(from, "one", "two", "three");
  const moved = await queue(broker, "move", from, to);
  assert.equal(moved.code, 1);
  assert.match(moved.stdout, /^ \[x\] Moved 1 task from '.*' to '.*', 2 left\n$/);
  assert.match(moved.stderr, /worktool: a task could not be moved: /);
  assert.deepEqual(await bodies(broker, from), ["two", "three"]);
});

const REJECTS = ["--queue-arg", "x-overflow=reject-publish"];

async function bodies(broker: Broker, name: string): Promise<string[]> {
  return (await broker.take(name)).map(({ content }) => content.toString());
}

Deno.test("queue: a condition that cannot be read, and a broker that is not there", async () => {
  const misread = await Worktool.run(["queue", "show", "q", "--assert", "redy == 0"]);
  assert.equal(misread.code, 64);
  assert.match(misread.stderr, /There is no column 'redy'\. Did you mean ready\?/);
  const [port] = await freePorts(1);
  const { code } = await queue({ url: `amqp://127.0.0.1:${port}/` }, "show", "q");
  assert.equal(code, 69);
});

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`queue ls and show with RabbitMQ's plug-ins [${name}]`, (t) => plugins(t, scripts));
}

async function plugins(t: Deno.TestContext, scripts: string): Promise<void> {
  const [managementPort, prometheusPort] = await freePorts(2);
  await using node = await PrivateRabbitMq.start({
    scripts,
    plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
    config: [
      `management.tcp.port = ${managementPort}`,
      `prometheus.tcp.port = ${prometheusPort}`,
      "collect_statistics_interval = 500",
    ],
  });
  const management = ["--management-url", `http://127.0.0.1:${managementPort}`];
  await using worker = Worktool.start(
    ["work", "--url", node.url, "--queue", "held", "--ack", "never", "--prefetch", "2"],
  );
  await worker.line(/Waiting for messages/);
  const sent = ["--queue", "held", "--count", "3", "task {n}"];
  await Worktool.run(["send", "--url", node.url, ...sent]);

  await t.step("show --until waits for what a worker holds", async () => {
    const until = ["--until", "ready == 1 && unacked == 2 && consumers == 1"];
    const { code, stderr } = await queue(node, "show", "held", ...until, ...management);
    assert.equal(code, 0, stderr);
  });
  await t.step("show tells arguments, bindings and consumers", async () => {
    const { stdout } = await queue(node, "show", "held", ...management);
    assert.match(stdout, /^unacked +2$/m);
    assert.match(stdout, /^bound +to the default exchange by 'held'$/m);
    assert.match(stdout, /^consumer +worktool-\d+, prefetch 2, /m);
  });
  await t.step("ls lists them, in a pipe with tabs", async () => {
    const columns = ["--columns", "name,ready,unacked,consumers,type"];
    const { code, stdout } = await queue(node, "ls", ...columns, ...management);
    assert.equal(code, 0);
    assert.equal(stdout, "held\t1\t2\t1\tclassic\n");
    const [told] = events(await queue(node, "ls", "--json", ...management));
    assert.deepEqual([told!["name"], told!["durable"], told!["policy"]], ["held", true, ""]);
  });
  await t.step("a user without a tag is told so", async () => {
    await node.ctl("add_user", "untagged", "secret");
    await node.ctl("set_permissions", "untagged", ".*", ".*", ".*");
    const url = node.url.replace("guest:guest", "untagged:secret");
    const { code, stderr } = await queue({ url }, "ls", ...management);
    assert.equal(code, 77);
    assert.match(
      stderr,
      /does not let user 'untagged' in: Not.*\n {2}- the user needs a tag there/,
    );
  });
  worker.kill("SIGTERM");
  await worker.exited;
}

Deno.test("queue ls --assert and --until: of every queue that is listed", async (t) => {
  await using broker = await askedWorktool();
  const ls = (...args: string[]) =>
    queue(broker, "ls", "--management-url", broker.management, ...args);
  for (const name of ["a.dead", "b.dead", "work"]) await queue(broker, "declare", name);
  await Worktool.run(["send", "--url", broker.url, "--queue", "work", "task"]);

  await t.step("they hold", async () => {
    const { code, stdout } = await ls("--match", ".dead", "--assert", "ready == 0 && unacked == 0");
    assert.deepEqual([code, stdout], [0, " [x] ready == 0 && unacked == 0: all 2 queues\n"]);
    const one = await ls("--match", "work", "--assert", "ready == 1");
    assert.deepEqual([one.code, one.stdout], [0, " [x] ready == 1: ready 1\n"]);
  });
  await t.step("one does not", async () => {
    const { code, stdout, stderr } = await ls("--assert", "ready == 0");
    assert.deepEqual([code, stdout], [2, ""]);
    assert.equal(stderr, "worktool: 'work': ready == 0 does not hold: ready 1\n");
    const told = events(await ls("--assert", "ready == 0", "--json"));
    assert.deepEqual(
      told.map(({ event, queue, holds, exitCode }) => [event, queue, holds, exitCode]),
      [
        ["condition", "a.dead", true, 2],
        ["condition", "b.dead", true, 2],
        ["condition", "work", false, 2],
      ],
    );
  });
  await t.step("there is none", async () => {
    const { code, stderr } = await ls("--match", "misspelt", "--assert", "ready == 0");
    assert.deepEqual([code, stderr], [2, "worktool: there is no queue to look at\n"]);
  });
  await t.step("they do in the end", async () => {
    await using until = Worktool.start(
      ["queue", "ls", "--url", broker.url, "--management-url", broker.management, "--until"]
        .concat("ready == 0"),
    );
    await queue(broker, "purge", "work", "--yes");
    const { code, stdout } = await until.exited;
    assert.deepEqual([code, stdout], [0, " [x] ready == 0: all 3 queues\n"]);
  });
});

Deno.test("queue ls --watch redraws a terminal in place", async () => {
  await using broker = await askedWorktool();
  await queue(broker, "declare", "watched");
  const flags = ["--url", broker.url, "--management-url", broker.management, "--watch", "50ms"];
  await using worktool = Worktool.start(["queue", "ls", ...flags], {
    command: [
      ...["bash", "-c", `script -qec "stty cols 60 rows 9; $(printf '%q ' "$@")" /dev/null`],
      ...["shell", EXECUTABLE],
    ],
    env: { LC_ALL: "C.UTF-8" },
  });
  await worktool.line(/^\x1b\[2J\x1b\[H\x1b\[KQUEUE .*READY .*UNACKED/);
  await worktool.line(/^\x1b\[Kwatched +0 +▁ +0 +▁/);
  await worktool.line(/^\x1b\[J\x1b\[H\x1b\[KQUEUE/); // in place from now on
  await Worktool.run(["send", "--url", broker.url, "--queue", "watched", "task"]);
  await worktool.line(/^\x1b\[Kwatched +1 +▁*█+ +0 +▁+/);
  worktool.kill("SIGTERM");
  await worktool.exited;
});

Deno.test("a name that no queue can have is a usage error", async () => {
  for (const action of ["show", "declare", "delete", "purge", "peek"]) {
    for (const [name, why] of [["", "must not be empty"], ["q".repeat(256), "has 256 bytes"]]) {
      const { code, stderr } = await Worktool.run(["queue", action, name!]);
      assert.equal(code, 64, stderr);
      assert.match(stderr, new RegExp(`^worktool: .* is invalid for argument .*\\. It ${why}`));
    }
  }
});

Deno.test("queue ls: who asks is who the management URL says, else the user of the broker", async () => {
  const users = ["--user", "guest:guest", "--user", "mon:p@", "--user-tags", "mon:monitoring"];
  await using broker = await askedWorktool(...users);
  const ls = (login: string, url = broker.url) =>
    Worktool.run(
      ["queue", "ls", "--url", url, "--management-url"].concat(
        broker.management.replace("//", `//${login}`).replace(/\/$/, "/api/"),
      ),
    );
  assert.equal((await ls("mon:p%40@")).code, 0);
  const wrong = await ls("mon:p@");
  assert.equal(wrong.code, 77);
  assert.match(wrong.stderr, /^worktool: .* does not let user 'mon' in: Login failed\n/);
  const malformed = await ls("mon:p%zz@");
  assert.equal(malformed.code, 64);
  assert.equal(
    malformed.stderr,
    'worktool: --management-url has a "%" that starts no escape: write %25 for it\n',
  );
  const nowhere = await ls("mon:p%40@", `${broker.url}nowhere`);
  assert.equal(nowhere.code, 77);
  assert.match(nowhere.stderr, /^worktool: .* knows no vhost 'nowhere'\n/);
});

Deno.test("queue show --until outlives a restart of the broker", async () => {
  await using broker = await EmbeddedBroker.start();
  await queue(broker, "declare", "q");
  let looks = 0;
  await using proxy = await TcpProxy.start(broker.url, (bytes) => {
    if (bytes.includes(QUEUE_DECLARE)) looks++;
    return "pass";
  });
  const flags = ["--url", proxy.url, "--until", "ready == 1", "--for", "10m"];
  await using until = Worktool.start(["queue", "show", "q", ...flags]);
  await eventually("it to look twice", () => looks >= 2);
  await broker.stop();
  await broker.start();
  assert.equal((await Worktool.run(["send", "--url", broker.url, "--queue", "q", "x"])).code, 0);
  const { code, stderr } = await until.exited;
  assert.equal(code, 0, stderr);
});

Deno.test("queue ls takes no flag that it would not heed", async () => {
  for (
    const [flags, why] of [
      [["--for", "5s"], "--for needs --until"],
      [["--for", "5s", "--assert", "ready == 0"], "--for needs --until"],
      [["--watch", "--until", "ready == 0"], "cannot be used with option '--watch [interval]'"],
      [["--sort", "ready", "--assert", "ready == 0"], "cannot be used with option '--sort <"],
    ] as const
  ) {
    const { code, stderr } = await Worktool.run(["queue", "ls", ...flags]);
    assert.equal(code, 64, stderr);
    assert.ok(stderr.includes(why), stderr);
  }
});

brokerTest(
  "names with control characters do not reach the terminal as they are",
  async (broker) => {
    const name = `${broker.queue()}\x1b[31m`;
    const args = (action: string) => ["queue", action, name, "--url", broker.url];
    const missing = await Worktool.run(args("show"));
    assert.match(missing.stderr, /^worktool: there is no queue '.*\\x1b\[31m' in vhost/);
    const made = await Worktool.run(args("declare"));
    assert.match(made.stdout, /^ \[x\] '.*\\x1b\[31m' is there\n$/);
    const { code } = await Worktool.run([...args("delete"), "--yes"]);
    assert.equal(code, 0);
  },
);

brokerTest("--until that is stopped says so, and exits with 1", async (broker) => {
  const queue = broker.queue();
  await broker.publish(queue, "task");
  let looks = 0;
  await using proxy = await TcpProxy.start(broker.url, (bytes) => {
    if (bytes.includes(QUEUE_DECLARE)) looks++;
    return "pass";
  });
  await using until = Worktool.start([
    ...["queue", "show", queue, "--url", proxy.url, "--until", "ready == 0", "--for", "5m"],
  ]);
  await eventually("it to look twice", () => looks >= 2);
  until.kill("SIGTERM");
  const { code, stderr } = await until.exited;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^worktool: '.*': ready == 0 does not hold until it was stopped: ready 1\n$/,
  );
});
