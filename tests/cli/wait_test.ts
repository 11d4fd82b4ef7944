/** `worktool wait`: what it waits for, what it does not, and the command that it runs then. */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";
import { EmbeddedBroker } from "../support/embedded_broker.ts";
import { freePorts } from "../support/free_ports.ts";
import { events, Worktool } from "../support/worktool.ts";

brokerTest("wait: a broker that is there is ready at once", async (broker) => {
  const { code, stdout, stderr } = await Worktool.run(["wait", "--url", broker.url]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^ \[x\] Ready: \S+:\d+\n$/);
});

brokerTest("wait --queue --consumers ends when the workers have started", async (broker) => {
  const queue = broker.queue();
  const wanted = ["--queue", queue, "--consumers", "2", "--json"];
  await using wait = Worktool.start(["wait", "--url", broker.url, ...wanted]);
  const { error } = await wait.event("waiting");
  assert.match(String(error), /^there is no queue 'worktool\.test\./);
  const first = await broker.startWorker(queue);
  await wait.line(/has 1 consumer, and 2 are wanted/);
  const second = await broker.startWorker(queue);
  const exit = await wait.exited;
  assert.equal(exit.code, 0);
  const ready = events(exit).at(-1)!;
  assert.equal(ready["event"], "ready");
  assert.deepEqual([ready["queue"], ready["ready"], ready["consumers"]], [queue, 0, 2]);
  for (const worker of [first, second]) {
    worker.kill("SIGTERM");
    await worker.exited;
  }
});

brokerTest("wait: what is still missing at the end is said, with exit code 2", async (broker) => {
  const queue = broker.queue();
  const asked = ["wait", "--url", broker.url, "--queue", queue];
  const missing = await Worktool.run([...asked, "--for", "3s"]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /worktool: there is no queue '.*' in vhost '\/' \(after /);
  await broker.publish(queue, "task");
  const idle = await Worktool.run([...asked, "--consumers", "1", "--once"]);
  assert.equal(idle.code, 2);
  assert.match(idle.stderr, /^worktool: queue '.*' has 0 consumers, and 1 is wanted\n/);
  const there = await Worktool.run([...asked, "--once"]);
  assert.equal(there.code, 0);
  assert.match(there.stdout, /^ \[x\] Ready: queue '.*' at .*, 1 task ready, 0 consumers\n$/);
});

brokerTest("wait: a wrong password ends it at once", async (broker) => {
  const url = new URL(broker.url);
  url.password = "wrong";
  const { code, stderr } = await Worktool.run(["wait", "--url", url.href, "--for", "10m"]);
  assert.equal(code, 77);
  assert.match(stderr, /^worktool: the broker at .* refused: 403 ACCESS_REFUSED/);
  assert.doesNotMatch(stderr, /Waiting/);
});

brokerTest(
  "wait -- command runs it with worktool's streams, and ends as it does",
  async (broker) => {
    const wait = ["wait", "--url", broker.url, "--"];
    const done = await Worktool.run([...wait, "sh", "-c", "cat; echo at last >&2; exit 7"], {
      stdin: "input",
    });
    assert.deepEqual([done.code, done.stdout], [7, "input"]);
    assert.match(done.stderr, /^ \[x\] Ready: .*\nat last\n$/);
    const killed = await Worktool.run([...wait, "sh", "-c", "kill -KILL $$"]);
    assert.equal(killed.code, 137);
  },
);

brokerTest("wait -- command passes a signal on to it", async (broker) => {
  const script = "trap 'echo bye; exit 3' TERM; echo up; while :; do read _ || sleep 0.1; done";
  await using wait = Worktool.start(["wait", "--url", broker.url, "--", "sh", "-c", script]);
  await wait.line(/^up$/);
  wait.kill("SIGTERM");
  const { code, stdout } = await wait.exited;
  assert.deepEqual([code, stdout], [3, "up\nbye\n"]);
});

Deno.test("wait starts before its broker, says so once, and goes on when it is there", async () => {
  const [port] = await freePorts(1);
  const url = `amqp://guest:guest@127.0.0.1:${port}/`;
  await using wait = Worktool.start(["wait", "--url", url, "--", "echo", "tests"]);
  await wait.line(/\[\*\] Waiting: no broker answers at 127\.0\.0\.1:\d+: connection refused$/);
  await using _broker = await EmbeddedBroker.start(["--port", String(port)]);
  const { code, stdout, stderr } = await wait.exited;
  assert.deepEqual([code, stdout], [0, "tests\n"]);
  assert.equal(stderr.match(/Waiting/g)?.length, 1, stderr);
});

Deno.test("wait without a broker ends with 69, and does not begin the command", async () => {
  const [port] = await freePorts(1);
  const url = `amqp://127.0.0.1:${port}/`;
  for (const time of [["--for", "300ms"], ["--once"]]) {
    const { code, stdout, stderr } = await Worktool.run(
      ["wait", "--url", url, ...time, "--", "echo", "tests"],
    );
    assert.deepEqual([code, stdout], [69, ""]);
    assert.match(stderr, /worktool: no broker answers at .*: connection refused/);
  }
});

Deno.test("wait stops on a signal, and its command is not begun", async () => {
  const [port] = await freePorts(1);
  await using wait = Worktool.start(["wait", "--url", `amqp://127.0.0.1:${port}/`, "--", "echo"]);
  await wait.line(/Waiting/);
  wait.kill("SIGTERM");
  const { code, stdout, stderr } = await wait.exited;
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /worktool: stopped while waiting\n$/);
});

Deno.test("wait: mistakes of usage, and a command that is missing", async () => {
  const usage = async (...args: string[]) => {
    const { code, stderr } = await Worktool.run(["wait", ...args]);
    assert.equal(code, 64, stderr);
    return stderr;
  };
  assert.match(await usage("--consumers", "1"), /--consumers are those of a queue: --queue NAME/);
  assert.match(await usage("--once", "--for", "1s"), /'--once' cannot be used with option '--for/);
  assert.match(await usage("./tests.sh"), /write -- before the command: .* -- \.\/tests\.sh/);
  assert.match(await usage("--"), /there is no command after --/);
  const missing = await Worktool.run(["wait", "--", "no-such-command"]);
  assert.equal(missing.code, 127);
  assert.match(missing.stderr, /^worktool: the command cannot be run: no such command/);
});
