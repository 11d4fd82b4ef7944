/** `worktool check`: what it counts, what it fails for, and that nothing is left of it. */
import assert from "node:assert/strict";
import { testCases } from "../support/test_report.ts";
import { brokerTest } from "../support/brokers.ts";
import { EmbeddedBroker } from "../support/embedded_broker.ts";
import { freePorts } from "../support/free_ports.ts";
import { scenario } from "../support/own_brokers.ts";
import { events, type Exit, Worktool } from "../support/worktool.ts";

function check(broker: { readonly url: string }, ...args: string[]): Promise<Exit> {
  return Worktool.run(["check", "--url", broker.url, ...args]);
}

/** What the last event counts. */
function summary(exit: Exit): Record<string, unknown> {
  const last = events(exit).at(-1)!;
  assert.equal(last["event"], "stopped", exit.stderr);
  return last;
}

/** What was said of one of the things that are checked. */
function said(exit: Exit, name: string): string {
  const found = events(exit).find((event) => event["name"] === name);
  return `${found?.["ok"] ? "ok" : "failed"}: ${found?.["said"]}`;
}

brokerTest("check: all that is confirmed arrives, and the bound is told", async (broker) => {
  const { code, stdout, stderr } = await check(broker, "--count", "2000", "--workers", "2");
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^ \[x\] confirmed +2,000 of 2,000 in /m);
  assert.match(stdout, /^ \[x\] lost +0 of 2,000: below 0\.15 % at 95 %$/m);
  assert.match(stdout, /^ \[x\] latency +p50 .* ms, p99 .* ms, max .* ms$/m);
  assert.match(stdout, /^ \[x\] Passed$/m);
});

brokerTest("check --queue-type quorum --json counts each task", async (broker) => {
  const exit = await check(broker, "--count", "300", "--queue-type", "quorum", "--json");
  assert.equal(exit.code, 0, exit.stderr);
  const { attempted, confirmed, ok, lost, unexpected, recovered, exitCode } = summary(exit);
  assert.deepEqual(
    { attempted, confirmed, ok, lost, unexpected, recovered, exitCode },
    {
      ...{ attempted: 300, confirmed: 300, ok: 300, lost: [], unexpected: [], recovered: [] },
      exitCode: 0,
    },
  );
});

/** Without a worker in time the queue is full at once: its workers may take ten each. */
const FULL = ["--count", "500", "--prefetch", "1", "--rate", "100000", "--json"];

brokerTest("check: a queue that drops tasks has lost them, by number", async (broker) => {
  const exit = await check(broker, ...FULL, "--queue-arg", "x-max-length=1");
  assert.equal(exit.code, 1, exit.stdout);
  const { confirmed, ok, lost } = summary(exit) as {
    confirmed: number;
    ok: number;
    lost: number[];
  };
  assert.ok(lost.length > 0);
  assert.equal(ok + lost.length, confirmed);
  assert.match(said(exit, "lost"), new RegExp(`^failed: .* of 500: ${lost[0]}`));
});

brokerTest("check: a queue that refuses tasks has not confirmed them", async (broker) => {
  const full = ["--queue-arg", "x-max-length=1", "--queue-arg", "x-overflow=reject-publish"];
  const exit = await check(broker, ...FULL, ...full);
  assert.equal(exit.code, 1, exit.stdout);
  const { confirmed, refused, lost } = summary(exit) as Record<string, number> & {
    lost: number[];
  };
  assert.equal(confirmed! + refused!, 500);
  assert.deepEqual(lost, []);
  assert.match(said(exit, "confirmed"), /^failed: .* refused/);
});

brokerTest("check --max-latency fails where a task takes longer", async (broker) => {
  const exit = await check(broker, "--count", "10", "--max-latency", "1ms", "--json");
  // It may be as fast as that: then it must say so.
  assert.match(said(exit, "latency"), exit.code === 1 ? /^failed: .* allowed$/ : /^ok: /);
  const enough = await check(broker, "--count", "10", "--max-latency", "10m", "--json");
  assert.equal(enough.code, 0);
  assert.match(said(enough, "latency"), /^ok: .*, 600,000 ms allowed$/);
});

brokerTest("check --tap, and --junit with what failed in it", async (broker) => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/results.xml`;
  const { code, stdout } = await check(broker, "--count", "20", "--tap", "--junit", file);
  assert.equal(code, 0);
  assert.match(stdout, /^TAP version 13\n1\.\.7\nok 1 - confirmed: 20 of 20 in /);
  const passed = testCases(await Deno.readTextFile(file));
  assert.equal(passed.length, 7);
  assert.ok(passed.every(({ outcome }) => outcome === "passed"));
  await check(broker, ...FULL, "--queue-arg", "x-max-length=1", "--junit", file);
  const failed = testCases(await Deno.readTextFile(file)).filter(({ outcome }) =>
    outcome === "failed"
  );
  assert.ok(failed.some(({ name }) => name === "lost"));
  await Deno.remove(directory, { recursive: true });
});

brokerTest("check that is stopped deletes its queue", async (broker) => {
  const slow = ["--count", "1000000", "--rate", "100"];
  await using running = Worktool.start(["check", "--url", broker.url, ...slow]);
  const [, queue] = /'(.*)'/.exec(await running.line(/^ \[i\] Queue '/))!;
  // A worker beside its own gets one of its tasks: they are under way.
  const taken = await Worktool.run([
    "work",
    "--url",
    broker.url,
    "--queue",
    queue!,
    "--count",
    "1",
  ]);
  assert.equal(taken.code, 0, taken.stderr);
  running.kill("SIGTERM");
  const { code, stdout, stderr } = await running.exited;
  assert.equal(code, 1);
  assert.match(stdout, /^ \[x\] lost +not judged: some were under way$/m);
  assert.match(stderr, /worktool: stopped before the check was through\n/);
  const look = ["wait", "--url", broker.url, "--queue", queue!, "--once"];
  assert.equal((await Worktool.run(look)).code, 2);
});

scenario("check with a restart and a crash of the broker in the middle", {}, async (broker) => {
  const directory = await Deno.makeTempDir();
  await new Deno.Command("mkfifo", { args: [`${directory}/done`] }).output();
  // The command asks for it, and ends when the test has done it.
  const command = `echo please; cat ${directory}/done`;
  await using running = Worktool.start([
    ...["check", "--url", broker.url, "--queue-type", "quorum", "--json", "--count", "3000"],
    ...["--restart-command", command, "--kill-command", command, "--workers", "2"],
  ]);
  const done = () => Deno.writeTextFile(`${directory}/done`, "");
  await running.printed(1, /^please$/);
  await broker.stop();
  await broker.start();
  await done();
  await running.printed(2, /^please$/);
  await broker.kill();
  await broker.start();
  await done();
  const exit = await running.exited;
  assert.equal(exit.code, 0, exit.stdout + exit.stderr);
  const { confirmed, lost, unexpected, reconnects } = summary(exit);
  assert.deepEqual({ confirmed, lost, unexpected }, { confirmed: 3_000, lost: [], unexpected: [] });
  assert.ok(Number(reconnects) >= 2, `lost twice at least: ${reconnects}`);
  assert.match(said(exit, "restart-command"), /^ok: .*: exit status 0, /);
  await Deno.remove(directory, { recursive: true });
}, { releases: ["4.3"] });

Deno.test("check fails where its command fails", async () => {
  await using broker = await EmbeddedBroker.start();
  const exit = await check(broker, "--json", "--restart-command", "exit 3");
  assert.equal(exit.code, 1);
  assert.match(said(exit, "restart-command"), /^failed: exit 3: exit status 3, .* lost: 0$/);
});

Deno.test("check without a broker ends with 69, and judges nothing", async () => {
  const [port] = await freePorts(1);
  const { code, stdout, stderr } = await check({ url: `amqp://127.0.0.1:${port}/` });
  assert.deepEqual([code, stdout], [69, ""]);
  assert.match(stderr, /^worktool: no broker answers at .*: connection refused$/m);
});
