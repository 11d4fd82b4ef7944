/** The lines for people: bodies cut to the terminal, message ids, times; and bodies cut in JSON. */
import assert from "node:assert/strict";
import stringWidth from "string-width";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { events, EXECUTABLE, type Exit, Worktool } from "../support/worktool.ts";

/** A long first line with wide characters and clusters, and a second line. */
const BODY = `${"日本語 👩‍👩‍👧‍👦 e\u0301 ".repeat(20)}\nsecond line\n`;
const BODY_BYTES = new TextEncoder().encode(BODY).byteLength;

/** Runs worktool on a terminal of this width, in place of which `script` reads what it shows. */
async function onTerminal(columns: number, args: readonly string[]): Promise<Exit> {
  return await Worktool.run(args, {
    command: [
      ...["bash", "-c", `script -qec "stty cols ${columns}; $(printf '%q ' "$@")" /dev/null`],
      ...["shell", EXECUTABLE],
    ],
  });
}

function work(broker: Broker, queue: string, ...args: string[]): string[] {
  return ["work", "--url", broker.url, "--queue", queue, "--dot", "0ms", "--until-empty", ...args];
}

for (const columns of [40, 80, 200]) {
  brokerTest(`a body is cut to ${columns} columns, and its size told`, async (broker) => {
    const queue = broker.queue();
    await broker.publish(queue, BODY);
    await broker.publish(queue, "short");
    const { code, stdout } = await onTerminal(columns, work(broker, queue));
    assert.equal(code, 0);
    const [long, short, ...others] = stdout.split("\r\n").filter((line) =>
      line.includes("Received")
    );
    assert.match(long!, new RegExp(`^ \\[x\\] Received '日本.*…' \\(${BODY_BYTES} bytes\\)$`));
    assert.ok(stringWidth(long!) <= columns, long);
    assert.ok(stringWidth(long!) > columns - 4, `${long} leaves room`);
    assert.equal(short, " [x] Received 'short'");
    assert.deepEqual(others, []);
  });
}

brokerTest("where there is no terminal a line has 200 columns", async (broker) => {
  const queue = broker.queue();
  const sent = await broker.run("send", queue, ["--stdin"], { stdin: "x".repeat(1_000) });
  assert.equal(sent.stdout, ` [x] Sent '${"x".repeat(200 - 11 - 15)}…' (1000 bytes)\n`);
  const short = await broker.run("send", queue, ["--stdin"], { stdin: "y".repeat(150) });
  assert.equal(short.stdout, ` [x] Sent '${"y".repeat(150)}'\n`);
});

brokerTest("--body-limit cuts bodies in JSON and tells their size", async (broker) => {
  const queue = broker.queue();
  const limited = ["--json", "--body-limit", "5"];
  const sent = await broker.run("send", queue, [...limited, "Grüße aus Köln"]);
  assert.deepEqual(bodyOf(events(sent, "sent")[0]!), { body: "Grü", bodyBytes: 17 });
  const worked = await broker.run("work", queue, ["--until-empty", ...limited]);
  assert.deepEqual(bodyOf(events(worked, "received")[0]!), { body: "Grü", bodyBytes: 17 });
  await broker.send(queue, "Grüße aus Köln");
  const none = await broker.run("work", queue, ["--until-empty", "--json", "--body-limit", "none"]);
  assert.deepEqual(bodyOf(events(none, "received")[0]!), { body: "Grüße aus Köln" });
});

function bodyOf({ body, bodyBytes, encoding }: Record<string, unknown>) {
  return JSON.parse(JSON.stringify({ body, bodyBytes, encoding }));
}

brokerTest("--verbose names the message id, --timestamps the time", async (broker) => {
  const queue = broker.queue();
  const flags = ["-v", "--timestamps"];
  const sent = await broker.run("send", queue, [...flags, "--message-id", "id-7", "task"]);
  const at = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
  assert.match(sent.stdout, new RegExp(`^${at} \\[x\\] Sent 'task' \\(id id-7\\)\n$`));
  const { stdout, stderr } = await broker.run("work", queue, [
    ...flags,
    ...["--name", "C1", "--until-empty", "--dot", "0ms"],
  ]);
  const lines = stdout.trimEnd().split("\n").map((line) => line.replace(new RegExp(`^${at} `), ""));
  assert.deepEqual(lines, [
    "C1 [*] Waiting for messages. To exit press CTRL+C",
    "C1 [x] Received 'task' (id id-7)",
    "C1 [x] Done (id id-7)",
  ]);
  assert.match(stderr, new RegExp(`^${at} .*Stopped: the queue is empty\\.`));
});

brokerTest("on a terminal a line for each task takes the place of the bar", async (broker) => {
  const queue = broker.queue();
  const send = ["send", "--url", broker.url, "--queue", queue, "--count", "3000", "task {n}"];
  const { code, stdout } = await onTerminal(80, send);
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\r\n");
  const summary = lines.pop();
  assert.match(summary!, /^\[i\] 3000 sent/);
  assert.deepEqual(lines, Array.from({ length: 3000 }, (_, n) => ` [x] Sent 'task ${n + 1}'`));
});

brokerTest("without them the bar is drawn in one line, and taken away", async (broker) => {
  const queue = broker.queue();
  const send = [
    ...["send", "--url", broker.url, "--queue", queue, "--no-echo", "--rate", "20"],
    ...["--count", "10", "task {n}"],
  ];
  const { code, stdout } = await onTerminal(40, send);
  assert.equal(code, 0);
  const drawn = stdout.split("\r\x1b[K");
  assert.match(drawn.pop()!, /^\[i\] 10 sent: 10 confirmed/);
  assert.ok(drawn.length > 1, "the bar is drawn");
  for (const bar of drawn) {
    assert.match(bar, /^$|^(\d+ % {2})?\d+ sent {2}\d+\/s$/);
    assert.ok(bar.length < 40, bar);
  }
});

Deno.test("flags for lines and flags for JSON are not mixed up", async () => {
  for (
    const [args, message] of [
      [["--body-limit", "5"], /--body-limit goes with --json/],
      [["--json", "--body-limit", "few"], /must be a whole number/],
      [["--json", "--verbose"], /cannot be used with option/],
      [["--json", "--timestamps"], /cannot be used with option/],
    ] as const
  ) {
    for (const command of [["send", "x"], ["work"]]) {
      const { code, stderr } = await Worktool.run([...command, ...args]);
      assert.equal(code, 64);
      assert.match(stderr, message);
    }
  }
});
