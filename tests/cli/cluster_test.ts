/**
 * Several addresses of one broker: which one serves, what is said of the others, and when none
 * does.
 */
import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { connectionClose, type Intercept, TcpProxy } from "../support/tcp_proxy.ts";
import { events, Worktool } from "../support/worktool.ts";

const NOBODY = "amqp://127.0.0.1:1/";
const SOON = ["--reconnect-delay", "10ms..50ms"];
const QUEUE_DECLARE = methodIdBytes("queue.declare");
const BASIC_PUBLISH = methodIdBytes("basic.publish");
const START_OK = methodIdBytes("connection.start-ok");

/** Accepts connections and never answers. */
const HANGS: Intercept = () => "drop";

function urls(...all: string[]): string[] {
  return all.flatMap((url) => ["--url", url]);
}

function addressOf(url: string): string {
  return new URL(url).host;
}

function withPassword(broker: Broker, password: string): string {
  const url = new URL(broker.url);
  url.password = password;
  return url.href;
}

brokerTest("the first address that answers serves, and it says which and why", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  const queue = ["--queue", broker.queue()];
  const one = await Worktool.run(["send", "--url", proxy.url, ...queue, "x"]);
  assert.deepEqual([one.code, one.stderr], [0, ""], "one address is no news");
  const two = await Worktool.run(["send", ...urls(NOBODY, proxy.url), ...queue, "x"]);
  assert.equal(two.code, 0);
  const address = addressOf(proxy.url);
  const reason = "no broker answers at 127.0.0.1:1: connection refused";
  assert.equal(two.stderr, ` [i] Connected to ${address} (${reason})\n`);
  const json = await Worktool.run([
    ...["work", ...urls(NOBODY, proxy.url), ...queue, "--json", "--count", "2", "--dot", "0"],
  ]);
  assert.equal(json.code, 0);
  const [connected, waiting] = events(json);
  assert.equal(waiting!.event, "waiting");
  assert.equal(connected!.event, "connected");
  assert.equal(connected!.address, address);
  assert.deepEqual(connected!.failed, [{ address: "127.0.0.1:1", error: reason }]);
});

brokerTest("a variable may hold several, and a password a comma", async (broker) => {
  const queue = broker.queue();
  const list = `amqp://user:pass,word@127.0.0.1:1/, ${broker.url}\n`;
  for (const name of ["AMQP_URL", "RABBITMQ_URL", "CLOUDAMQP_URL"]) {
    const { code, stderr } = await Worktool.run(["send", "--queue", queue, "x"], {
      env: { [name]: list },
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /no broker answers at 127\.0\.0\.1:1/);
    assert.doesNotMatch(stderr, /pass|word/);
  }
});

brokerTest("each address is logged in to as its own URL says", async (broker) => {
  const queue = ["--queue", broker.queue()];
  const wrong = withPassword(broker, "wrong");
  const { code, stderr } = await Worktool.run(["send", ...urls(wrong, broker.url), ...queue, "x"]);
  assert.equal(code, 0);
  assert.match(stderr, /^ \[i\] Connected to .* \(the broker at .* refused: 403 ACCESS_REFUSED/);
});

brokerTest(
  "none serves: each address has its reason, one that may heal decides",
  async (broker) => {
    const wrong = withPassword(broker, "wrong");
    const vhost = `${broker.url}no-such-vhost`;
    for (
      const [addresses, expected] of [
        [[NOBODY, "amqp://127.0.0.1:2/"], 69],
        [[wrong, wrong], 77],
        [[vhost, vhost], 77],
        [[wrong, NOBODY], 69],
      ] as const
    ) {
      const { code, stderr } = await Worktool.run(["send", ...urls(...addresses), "x"]);
      assert.equal(code, expected, stderr);
      assert.match(stderr, /^worktool: none of the 2 addresses serves: .*; /);
    }
    const mixed = await Worktool.run(["dead", "ls", ...urls(wrong, NOBODY)]);
    assert.match(
      mixed.stderr,
      /serves: the broker at .* refused: 403 .*; no broker answers at 127\.0\.0\.1:1: connection refused\n/,
    );
  },
);

brokerTest("what the whole cluster would refuse is not tried elsewhere: 65", async (broker) => {
  const queue = broker.queue();
  await broker.declareQueue(queue, { durable: false });
  let declarations = 0;
  await using other = await TcpProxy.start(broker.url, (bytes) => {
    if (bytes.includes(QUEUE_DECLARE)) declarations++;
    return "pass";
  });
  const { code, stderr } = await Worktool.run([
    ...["work", ...urls(broker.url, other.url), "--queue", queue, "--durable"],
  ]);
  assert.equal(code, 65);
  assert.match(stderr, /^worktool: queue '.*' exists with other properties/);
  const unsendable = await Worktool.run([
    ...["send", ...urls(broker.url, other.url), "--queue", broker.queue()],
    ...["--header", `large: ${"x".repeat(70_000)}`, "task"],
  ]);
  assert.equal(unsendable.code, 65);
  assert.match(unsendable.stderr, /^worktool: the headers are too large/);
  assert.equal(declarations, 0);
});

brokerTest("a node that hangs, or cannot serve the queue, is passed over", async (broker) => {
  let minority = 0;
  const silentAt = (method: Buffer): Intercept => (bytes) =>
    bytes.includes(method) ? "drop" : "pass";
  await using hanging = await TcpProxy.start(broker.url, HANGS);
  await using silent = await TcpProxy.start(broker.url, silentAt(QUEUE_DECLARE));
  await using alone = await TcpProxy.start(broker.url, (bytes, answer) => {
    if (!bytes.includes(QUEUE_DECLARE)) return "pass";
    minority++;
    answer(connectionClose(541, "INTERNAL_ERROR - the metadata store operation timed out"));
    return "drop";
  });
  const exit = await Worktool.run([
    ...["send", ...urls(hanging.url, silent.url, alone.url, broker.url), "--queue", broker.queue()],
    ...["--connect-timeout", "3s", "x"],
  ]);
  assert.equal(exit.code, 0, exit.stderr);
  assert.equal(minority, 1);
  assert.match(exit.stderr, /no broker answers at .* within .* did not answer: .* 541 /);
});

brokerTest("--wait is for all addresses together: one that hangs leaves time", async (broker) => {
  await using hanging = await TcpProxy.start(broker.url, HANGS);
  const patient = ["--connect-timeout", "5m", "--queue", broker.queue()];
  const served = await Worktool.run([
    ...["send", ...urls(hanging.url, broker.url), ...patient, "--wait", "12s", "x"],
  ]);
  assert.equal(served.code, 0, served.stderr);
  for (const command of [["send", "x"], ["work"]]) {
    const hopeless = await Worktool.run([
      ...[...command, ...urls(hanging.url, hanging.url), ...patient, "--wait", "300ms", ...SOON],
    ]);
    assert.equal(hopeless.code, 69, hopeless.stderr);
  }
});

brokerTest("a wait is over in time where the broker stops in the middle", async (broker) => {
  await using silent = await TcpProxy.start(
    broker.url,
    (bytes) => bytes.includes(QUEUE_DECLARE) ? "drop" : "pass",
  );
  const { code, stderr } = await Worktool.run([
    ...["send", "--url", silent.url, "--queue", broker.queue(), "--wait", "5s", ...SOON],
    ...["--connect-timeout", "5m", "x"],
  ]);
  assert.equal(code, 69);
  assert.match(stderr, /did not answer: no answer about the queue within/);
});

brokerTest("a refused login is not tried again while others are waited for", async (broker) => {
  let logins = 0;
  await using proxy = await TcpProxy.start(withPassword(broker, "wrong"), (bytes) => {
    if (bytes.includes(START_OK)) logins++;
    return "pass";
  });
  await using worker = Worktool.start([
    ...["work", ...urls(proxy.url, NOBODY), "--queue", broker.queue(), "--wait", "5m"],
    ...[...SOON, "--json"],
  ]);
  const lines = await worker.printed(3, /^{"event":"reconnecting"/);
  worker.kill("SIGTERM");
  assert.equal((await worker.exited).code, 0);
  for (const line of lines) assert.match(line, /refused: 403 .*connection refused/);
  assert.equal(logins, 1);
});

brokerTest("after a loss the next address comes first, the lost one last", async (broker) => {
  await using first = await TcpProxy.start(broker.url);
  await using second = await TcpProxy.start(broker.url);
  await using worker = Worktool.start([
    ...["work", ...urls(first.url, second.url), "--queue", broker.queue(), "--json", ...SOON],
  ]);
  await worker.event("waiting");
  first.cut();
  await worker.printed(1, /^{"event":"reconnected"/);
  second.cut();
  await worker.printed(2, /^{"event":"reconnected"/);
  first.refuse();
  second.refuse();
  first.cut();
  second.cut();
  await worker.printed(4, /^{"event":"reconnecting"/);
  second.accept();
  await worker.printed(3, /^{"event":"reconnected"/);
  worker.kill("SIGTERM");
  const exit = await worker.exited;
  assert.equal(exit.code, 0, exit.stderr);
  const [a, b] = [addressOf(first.url), addressOf(second.url)];
  assert.deepEqual(events(exit, "connected").map(({ address }) => address), [a, b, a, b]);
});

brokerTest(
  "tasks that one node does not confirm are sent again through another",
  async (broker) => {
    const queue = broker.queue();
    await using first = await TcpProxy.start(broker.url);
    await using send = Worktool.start([
      ...["send", ...urls(first.url, broker.url), "--queue", queue, "--count", "200", "--json"],
      ...["--rate", "200", "--confirm-timeout", "2s", ...SOON, "task {n}"],
    ]);
    await send.event("sent");
    first.silence();
    const exit = await send.exited;
    assert.equal(exit.code, 0, exit.stderr);
    const { confirmed, resent } = events(exit).at(-1)!;
    assert.equal(confirmed, 200);
    assert.ok(resent > 0);
    assert.equal(new Set(await broker.takeBodies(queue)).size, 200);
  },
);

brokerTest("when no node confirms in time, the outcome is unknown: 75", async (broker) => {
  const withholdsTasks: Intercept = (bytes) => bytes.includes(BASIC_PUBLISH) ? "drop" : "pass";
  await using first = await TcpProxy.start(broker.url, withholdsTasks);
  await using second = await TcpProxy.start(broker.url, withholdsTasks);
  const exit = await Worktool.run([
    ...["send", ...urls(first.url, second.url), "--queue", broker.queue(), "--json"],
    ...["--confirm-timeout", "300ms", ...SOON, "task"],
  ]);
  assert.equal(exit.code, 75);
  assert.deepEqual(events(exit).map(({ event }) => event), [
    ...["connected", "reconnecting", "connected", "reconnected", "unknown", "stopped"],
  ]);
});

brokerTest("dead letters are looked at through any address", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(`${queue}.dead`, "letter");
  const args = ["--queue", queue, ...urls(NOBODY, broker.url)];
  const listed = await Worktool.run(["dead", "ls", "--json", ...args]);
  assert.deepEqual(
    events(listed).map(({ event }) => event),
    ["connected", "dead-letter", "stopped"],
  );
  await broker.declareQueue(queue, {});
  const replayed = await Worktool.run(["dead", "replay", ...args]);
  assert.equal(replayed.code, 0, replayed.stderr);
  assert.deepEqual(await broker.takeBodies(queue), ["letter"]);
});

brokerTest("--shuffle begins with any of them", async (broker) => {
  await using first = await TcpProxy.start(broker.url);
  await using second = await TcpProxy.start(broker.url);
  const queue = broker.queue();
  const served = new Set<string>();
  for (let run = 0; run < 60 && served.size < 2; run++) {
    const { stderr } = await Worktool.run([
      ...["send", "--shuffle", ...urls(first.url, second.url), "--queue", queue, "x"],
    ]);
    served.add(/Connected to (\S+)/.exec(stderr)![1]!);
  }
  assert.equal(served.size, 2);
});

Deno.test("URLs that are not of one cluster, or not written in full: 64", async () => {
  const refused = async (...args: string[]) => {
    const { code, stderr } = await Worktool.run(["send", ...args, "x"]);
    assert.equal(code, 64, stderr);
    return stderr;
  };
  assert.match(
    await refused(...urls("amqp://a/one", "amqp://b/two")),
    /--url: .* must name the same vhost, not 'one' and 'two'/,
  );
  assert.match(
    await refused("--url", "amqp://u:secret@a,b/"),
    /"amqp:\/\/\*\*\*@a,b\/" has a comma in its host: write each URL in full/,
  );
  assert.doesNotMatch(await refused("--url", "amqp://u:secret@a:1,b:2/"), /secret/);
});

Deno.test("--max-time that ends a worker without a broker: 69, not 2", async () => {
  const exit = await Worktool.run([
    ...["work", "--url", NOBODY, "--wait", "5m", "--count", "1", "--max-time", "500ms", "--json"],
    ...["--idle-timeout", "0", ...SOON], // which begins when there is a broker
  ]);
  assert.equal(exit.code, 69, exit.stderr);
  assert.match(exit.stderr, /no broker answers at 127\.0\.0\.1:1: connection refused/);
  assert.equal(events(exit).at(-1)!.reason, "error");
});

brokerTest("… nor one whose broker never answers", async (broker) => {
  await using hanging = await TcpProxy.start(broker.url, HANGS);
  const { code, stderr } = await Worktool.run([
    ...["work", "--url", hanging.url, "--max-time", "200ms", "--until-empty"],
    ...["--connect-timeout", "5m"],
  ]);
  assert.equal(code, 69, stderr);
  assert.match(stderr, /no broker answers at .* within 0\.2\d s/);
});
