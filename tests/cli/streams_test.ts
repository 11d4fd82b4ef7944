/** Standard streams that are closed, full, gone, or hold anything. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { brokerTest } from "../support/brokers.ts";
import { events, EXECUTABLE, Worktool } from "../support/worktool.ts";

/** Runs worktool by a shell line in which `"$@"` is worktool with its arguments. */
function shell(line: string) {
  return { command: ["bash", "-o", "pipefail", "-c", line, "shell", EXECUTABLE] };
}

brokerTest("a task whose lines cannot be written is not acknowledged", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "untold");
  const full = await broker.run("work", queue, ["--count", "1"], shell('"$@" > /dev/full'));
  assert.equal(full.code, 1);
  assert.match(full.stderr, /cannot write the output: ENOSPC/);
  assert.match(
    full.stderr,
    /Stopped: an error: 0 of 1\. 0 done, 0 redelivered, 1 given back to the queue/,
  );
  assert.deepEqual(await broker.takeBodies(queue), ["untold"]);
});

brokerTest("a worker whose reader has gone gives its task back and exits 1", async (broker) => {
  const queue = broker.queue();
  const worker = broker.start("work", queue, [], shell('"$@" | head -1'));
  await worker.line(/Waiting for messages/);
  await broker.send(queue, "untold");
  const { code, stderr } = await worker.exited;
  assert.equal(code, 1);
  assert.match(stderr, /cannot write the output: EPIPE/);
  assert.deepEqual(await broker.takeBodies(queue), ["untold"]);
});

Deno.test("a worker that can tell nobody that it looks for its broker ends", async () => {
  const flags = ["--json", "--wait", "2m", "--url", "amqp://127.0.0.1:1/"];
  const { code, stderr } = await Worktool.run(["work", ...flags], shell('"$@" | true'));
  assert.equal(code, 1);
  assert.match(stderr, /cannot write the output: EPIPE/);
});

brokerTest("where stdout and stderr are one pipe, their lines keep their order", async (broker) => {
  const queue = broker.queue();
  const flags = ["--count", "3000", "--echo", "task {n}"];
  const { code, stdout } = await broker.run("send", queue, flags, shell('"$@" 2>&1'));
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  assert.match(lines.pop()!, /^\[i\] 3000 sent/);
  assert.deepEqual(lines, Array.from({ length: 3000 }, (_, n) => ` [x] Sent 'task ${n + 1}'`));
});

brokerTest("send says that it could not write, and the task is there", async (broker) => {
  const queue = broker.queue();
  const { code, stderr } = await broker.run("send", queue, ["x"], shell('"$@" > /dev/full'));
  assert.equal(code, 1);
  assert.equal(stderr, "worktool: cannot write the output: ENOSPC\n");
  assert.deepEqual(await broker.takeBodies(queue), ["x"]);
});

Deno.test("a broker that cannot tell its URL ends", async () => {
  const { code, stderr } = await Worktool.run(
    ["broker", "--port", "0", "--memory"],
    shell('"$@" > /dev/full'),
  );
  assert.equal(code, 1);
  assert.match(stderr, /^worktool: cannot write the output: ENOSPC$/m);
});

brokerTest("an argument that is no UTF-8 is refused, not changed", async (broker) => {
  const queue = broker.queue();
  const { code, stdout, stderr } = await broker.run(
    "send",
    queue,
    [],
    shell('"$@" "$(printf "caf\\351")"'),
  );
  assert.equal(code, 64);
  assert.equal(stdout, "");
  assert.match(stderr, /^worktool: an argument is not valid UTF-8: .*--stdin/);
  assert.equal((await broker.run("send", queue, ["caf\ufffd"])).code, 0);
  assert.deepEqual(await broker.takeBodies(queue), ["caf\ufffd"]);
});

brokerTest("a bulk send whose reader has gone waits for what is in flight", async (broker) => {
  const queue = broker.queue();
  const send = broker.start(
    "send",
    queue,
    ["--count", "20000", "task {n}"],
    shell('"$@" | head -1'),
  );
  const { code, stderr } = await send.exited;
  assert.equal(code, 1);
  assert.match(stderr, /cannot write the output: EPIPE/);
  assert.doesNotMatch(stderr, /Unknown/);
  const [, sent, confirmed] = /(\d+) sent: (\d+) confirmed, 0 returned, 0 refused, 0 unknown/.exec(
    stderr,
  )!;
  assert.equal(sent, confirmed);
  assert.equal((await broker.depth(queue)).ready, Number(sent));
});

brokerTest("closed standard streams are like /dev/null", async (broker) => {
  const queue = broker.queue();
  const closed = shell('"$@" <&- 2>&-');
  assert.equal((await broker.run("send", queue, ["words"], closed)).code, 0);
  const { code, stdout } = await broker.run("work", queue, ["--count", "1"], closed);
  assert.equal(code, 0);
  assert.match(stdout, /Received 'words'/);
  const lines = await broker.run("send", queue, ["--lines", "--json"], closed);
  assert.equal(lines.code, 0);
  assert.equal(events(lines)[0]!.sent, 0);
  await broker.send(queue, "unseen");
  const silent = await broker.run("work", queue, ["--count", "1"], shell('"$@" >&-'));
  assert.equal(silent.code, 0);
  assert.deepEqual(await broker.takeBodies(queue), []);
});

brokerTest("a single word of 200 KB goes through unharmed", async (broker) => {
  const queue = broker.queue();
  const word = "ä".repeat(100_000);
  const sent = await broker.run("send", queue, ["--stdin", "--json"], { stdin: word });
  assert.equal(events(sent)[0]!.body, word);
  const worked = await broker.run("work", queue, ["--count", "1", "--json"]);
  assert.equal(events(worked, "received")[0]!.body, word);
});

brokerTest(
  "bodies that are not UTF-8 are escaped for people and base64 for programs",
  async (broker) => {
    const queue = broker.queue();
    const body = new Uint8Array([0x00, 0x41, 0xff, 0x1b, 0x5b]);
    for (let n = 0; n < 2; n++) await broker.run("send", queue, ["--stdin"], { stdin: body });
    const text = await broker.run("work", queue, ["--count", "1"]);
    assert.match(text.stdout, /Received '\\x00A\\xff\\x1b\['/);
    const worked = await broker.run("work", queue, ["--count", "1", "--json"]);
    const [json] = events(worked, "received") as [Record<string, unknown>];
    assert.equal(json["encoding"], "base64");
    assert.deepEqual(Buffer.from(json["body"] as string, "base64"), Buffer.from(body));
  },
);

brokerTest("a task cannot colour the terminal or break its line", async (broker) => {
  const queue = broker.queue();
  await broker.run("send", queue, ["--stdin"], { stdin: "\x1b[31mred\rother\x9b\n" });
  const { stdout } = await broker.run("work", queue, ["--count", "1"]);
  assert.match(stdout, /Received '\\x1b\[31mred\\rother\\x9b\\n'/);
});

brokerTest("an empty body is a task like any other", async (broker) => {
  const queue = broker.queue();
  await broker.run("send", queue, ["--stdin"], { stdin: "" });
  const { stdout } = await broker.run("work", queue, ["--count", "1"]);
  assert.match(stdout, / \[x\] Received ''\n \[x\] Done\n$/);
});

Deno.test("help goes to stdout, with 0; without a command it is a usage error", async () => {
  const help = await Worktool.run(["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Exit codes:/);
  assert.equal((await Worktool.run(["send", "--help"])).code, 0);
  const helpOnLs = await Worktool.run(["help", "dead", "ls"]);
  assert.equal(helpOnLs.code, 0);
  assert.match(helpOnLs.stdout, /^Usage: worktool dead ls/);
  const nothing = await Worktool.run([]);
  assert.equal(nothing.code, 64);
  assert.equal(nothing.stdout, "");
  for (const version of ["--version", "-V", "-v"]) {
    const { code, stdout } = await Worktool.run([version]);
    assert.equal(code, 0);
    assert.match(stdout, /^worktool \d+\.\d+\.\d+\n$/);
  }
});
