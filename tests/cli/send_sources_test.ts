/** Where `worktool send` takes its tasks from. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { brokerTest } from "../support/brokers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { events, EXECUTABLE, Worktool } from "../support/worktool.ts";

const NOT_UTF8 = new Uint8Array([0x66, 0x6f, 0xff, 0xfe, 0x00, 0x0a, 0x0d]);

brokerTest("--stdin sends the whole input as one task, byte for byte", async (broker) => {
  const queue = broker.queue();
  for (const stdin of [NOT_UTF8, new Uint8Array(), new Uint8Array(300_000).fill(0x2e)]) {
    const { code } = await broker.run("send", queue, ["--stdin"], { stdin });
    assert.equal(code, 0);
    const [message] = await broker.take(queue);
    assert.deepEqual(message!.content, Buffer.from(stdin));
  }
});

brokerTest(
  "--lines sends one task a line, empty ones too, the last without newline",
  async (broker) => {
    const queue = broker.queue();
    const { code, stdout, stderr } = await broker.run("send", queue, ["--lines"], {
      stdin: "one\n\ntwo\r\nthree",
    });
    assert.equal(code, 0);
    assert.equal(stdout, "");
    assert.match(stderr, /^\[i\] 4 sent: 4 confirmed, 0 returned, 0 refused, 0 unknown, in /);
    assert.deepEqual(await broker.takeBodies(queue), ["one", "", "two\r", "three"]);
  },
);

brokerTest("--lines -0 splits at NUL", async (broker) => {
  const queue = broker.queue();
  await broker.run("send", queue, ["--lines", "-0"], { stdin: "a\nb\0c\0" });
  assert.deepEqual(await broker.takeBodies(queue), ["a\nb", "c"]);
});

brokerTest("--lines takes lines that are larger than a chunk of the input", async (broker) => {
  const queue = broker.queue();
  const long = "x".repeat(200_000);
  await broker.run("send", queue, ["--lines"], { stdin: `${long}\nshort\n${long}` });
  assert.deepEqual(await broker.takeBodies(queue), [long, "short", long]);
});

brokerTest("--lines prints a line a task with --echo", async (broker) => {
  const { stdout } = await broker.run("send", broker.queue(), ["--lines", "--echo"], {
    stdin: "a\nb",
  });
  assert.equal(stdout, " [x] Sent 'a'\n [x] Sent 'b'\n");
});

brokerTest("--file sends one task a file", async (broker) => {
  const queue = broker.queue();
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${directory}/bytes`, NOT_UTF8);
    await Deno.writeTextFile(`${directory}/empty`, "");
    const files = ["--file", `${directory}/bytes`, "-f", `${directory}/empty`];
    const { code, stdout } = await broker.run("send", queue, files);
    assert.equal(code, 0);
    assert.equal(stdout, " [x] Sent 'fo\\xff\\xfe\\x00…' (7 bytes)\n [x] Sent ''\n");
    const bodies = (await broker.take(queue)).map(({ content }) => content);
    assert.deepEqual(bodies, [Buffer.from(NOT_UTF8), Buffer.alloc(0)]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

brokerTest("--count repeats the words and numbers them", async (broker) => {
  const queue = broker.queue();
  const { stdout, stderr } = await broker.run("send", queue, [
    ...["--count", "3", "--message-id", "id-{n}", "Task", "{n}."],
  ]);
  assert.equal(stdout, " [x] Sent 'Task 1.'\n [x] Sent 'Task 2.'\n [x] Sent 'Task 3.'\n");
  assert.match(stderr, /3 sent: 3 confirmed/);
  const messages = await broker.take(queue);
  assert.deepEqual(messages.map(({ properties }) => properties.messageId), [
    "id-1",
    "id-2",
    "id-3",
  ]);
});

brokerTest("{n} stays as it is without --count", async (broker) => {
  const queue = broker.queue();
  await broker.run("send", queue, ["{n}"]);
  assert.deepEqual(await broker.takeBodies(queue), ["{n}"]);
});

brokerTest("without words on a terminal it sends Hello World!", async (broker) => {
  const queue = broker.queue();
  // script(1) gives the command a terminal.
  const line = `'${EXECUTABLE}' send --url '${broker.url}' --queue '${queue}'`;
  const { code, stdout } = await Worktool.run([line, "/dev/null"], {
    command: ["script", "--quiet", "--return", "--command"],
  });
  assert.equal(code, 0);
  assert.match(stdout, / \[x\] Sent 'Hello World!'/);
  assert.deepEqual(await broker.takeBodies(queue), ["Hello World!"]);
});

brokerTest("a bulk send shows its progress on a terminal, and only there", async (broker) => {
  const queue = broker.queue();
  const send = `send --url '${broker.url}' --queue '${queue}' --count 8 --rate 20 --no-echo x`;
  const { stdout } = await Worktool.run([`'${EXECUTABLE}' ${send}`, "/dev/null"], {
    command: ["script", "--quiet", "--return", "--command"],
  });
  assert.match(stdout, /\[#+-*\] +\d+ % +\d sent +\d+\/s/);
  const plain = await broker.run("send", queue, ["--count", "8", "--rate", "20", "--no-echo", "x"]);
  assert.match(plain.stderr, /^\[i\] 8 sent/);
  assert.equal(plain.stdout, "");
});

brokerTest("many tasks keep their order through the window", async (broker) => {
  const queue = broker.queue();
  const bodies = Array.from({ length: 5_000 }, (_, n) => `task ${n}`);
  const { code, stderr } = await broker.run("send", queue, ["--lines", "--window", "7"], {
    stdin: bodies.join("\n"),
  });
  assert.equal(code, 0);
  assert.match(stderr, /5000 sent: 5000 confirmed, 0 returned, 0 refused, 0 unknown/);
  assert.deepEqual(await broker.takeBodies(queue), bodies);
});

brokerTest("an interrupted bulk send says what was sent, and exits 1", async (broker) => {
  const queue = broker.queue();
  const send = broker.start("send", queue, ["--count", "1000", "--rate", "20", "--json", "x"]);
  await send.event("sent");
  send.kill("SIGINT");
  const { code, stdout } = await send.exited;
  assert.equal(code, 1);
  const stopped = JSON.parse(stdout.trim().split("\n").at(-1)!);
  assert.equal(stopped.complete, false);
  assert.equal(stopped.sent, stopped.confirmed);
  assert.equal((await broker.depth(queue)).ready, stopped.sent);
});

brokerTest("an interrupted file goes on with --from-line, and no line is lost", async (broker) => {
  const queue = broker.queue();
  const lines = Array.from({ length: 300 }, (_, n) => `task ${n + 1}`);
  const input = { stdin: lines.join("\n") };
  const id = ["--lines", "--message-id", "file.{n}"];
  const first = broker.start("send", queue, [...id, "--rate", "50", "--json"], input);
  await first.event("sent");
  first.kill("SIGINT");
  const exit = await first.exited;
  const { nextLine, sent } = events(exit, "stopped")[0]!;
  assert.equal(nextLine, sent + 1);
  assert.deepEqual(
    events(exit, "sent").map(({ line, messageId, body }) => [line, messageId, body]),
    lines.slice(0, sent).map((body, n) => [n + 1, `file.${n + 1}`, body]),
  );

  const rest = await broker.run(
    "send",
    queue,
    [...id, "--from-line", `${nextLine}`, "--json"],
    input,
  );
  assert.equal(rest.code, 0);
  assert.equal(events(rest, "stopped")[0]!.nextLine, undefined, "there is none");
  const arrived = await broker.take(queue);
  assert.deepEqual(arrived.map(({ content }) => content.toString()), lines);
  assert.deepEqual(
    arrived.map(({ properties }) => properties.messageId),
    lines.map((_, n) => `file.${n + 1}`),
  );
});

brokerTest("a send whose broker was lost says which line to go on with", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  await using send = Worktool.start(
    [
      ...["send", "--url", proxy.url, "--queue", broker.queue(), "--lines", "--rate", "50"],
      ...["--reconnect-for", "0s", "--json"],
    ],
    { stdin: "x\n".repeat(300) },
  );
  await send.event("sent");
  proxy.cut();
  const exit = await send.exited;
  assert.equal(exit.code, 75);
  const { nextLine } = events(exit, "stopped")[0]!;
  const known = events(exit, "sent").map(({ line }) => line);
  const unknown = events(exit, "unknown").map(({ line }) => line);
  assert.equal(nextLine, known.length + 1);
  assert.deepEqual(unknown, unknown.map((_, n) => nextLine + n));
  assert.match(exit.stderr, /worktool: /);
});

Deno.test("--from-line is for --lines", async () => {
  const { code, stderr } = await Worktool.run(["send", "--from-line", "3", "words"]);
  assert.equal(code, 64);
  assert.match(stderr, /--from-line goes with --lines/);
});

brokerTest("a line that the input does not have is no success", async (broker) => {
  const args = (line: string) => ["--lines", "--from-line", line];
  const beyond = await broker.run("send", broker.queue(), args("5"), { stdin: "1\n2\n3" });
  assert.equal(beyond.code, 64);
  assert.match(beyond.stderr, /^worktool: there is no line 5 to begin with: the input has 3\n/m);
  const complete = await broker.run("send", broker.queue(), args("4"), { stdin: "1\n2\n3" });
  assert.equal(complete.code, 0, complete.stderr);
});
