/** `work -- command`: where its output goes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { brokerTest } from "../support/brokers.ts";
import { processesEnd } from "../support/processes.ts";
import { events, EXECUTABLE, Worktool } from "../support/worktool.ts";

const BOTH = ["sh", "-c", "echo to stdout; echo to stderr >&2"];
const DRAIN = ["--until-empty", "--no-retry"];

brokerTest("without a terminal a command's lines pass as they are", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  const { stdout, stderr } = await broker.run("work", queue, [...DRAIN, "--", ...BOTH]);
  assert.equal(stdout, "to stdout\n"); // and none of the worker's own
  assert.match(stderr, /^to stderr$/m);
  assert.match(stderr, /^ \[\*\] Waiting for messages/m);
  assert.match(stderr, /^ \[x\] Done 'task' in /m);
});

brokerTest("alone on stdout, a command's output is left as it is, to the byte", async (broker) => {
  const queue = broker.taskQueue();
  const bodies = ["x".repeat(200_000), "ä\n\nlast", "end"];
  for (const body of bodies) await broker.publish(queue, body);
  const { stdout } = await broker.run("work", queue, [...DRAIN, "--", "cat"]);
  assert.equal(stdout, bodies.join(""));
});

brokerTest("beside others, a last line is ended, and a line over 64 KiB is cut", async (broker) => {
  const queue = broker.taskQueue();
  const bodies = ["x".repeat(64 * 1024 + 1), "y"];
  for (const body of bodies) await broker.publish(queue, body);
  const { stdout } = await broker.run("work", queue, [
    ...[...DRAIN, "--concurrency", "2", "--", "cat"],
  ]);
  assert.deepEqual(stdout.split("\n").sort(), ["", "x", "x".repeat(64 * 1024), "y"]);
});

brokerTest("--output prefix names worker and task on every line", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "1", { messageId: "0123456789" });
  await broker.publish(queue, "2", { messageId: "\x1b[31m" });
  await broker.publish(queue, "3");
  const { stdout, stderr } = await broker.run("work", queue, [
    ...[...DRAIN, "--name", "C1", "--output", "prefix"],
    ...["--", "sh", "-c", "printf 'one\\n\\nthree'; echo err >&2"],
  ]);
  assert.deepEqual(stdout.split("\n"), [
    ...["C1 01234567 | one", "C1 01234567 | ", "C1 01234567 | three"],
    ...["C1 \\x1b[31m | one", "C1 \\x1b[31m | ", "C1 \\x1b[31m | three"],
    ...["C1 #3 | one", "C1 #3 | ", "C1 #3 | three", ""],
  ]);
  assert.match(stderr, /^C1 01234567 \| err$/m);
});

brokerTest("on a terminal every line names worker and task", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "task", { messageId: "id-1" });
  const flags = `--url '${broker.url}' --queue '${queue}' --name C1 ${DRAIN.join(" ")}`;
  const line = `'${EXECUTABLE}' work ${flags} -- sh -c 'echo out; echo err >&2'`;
  const { stdout } = await Worktool.run([line, "/dev/null"], {
    command: ["script", "--quiet", "--return", "--command"],
  });
  assert.match(stdout, /^C1 id-1 \| out\r?$/m);
  assert.match(stdout, /^C1 id-1 \| err\r?$/m);
});

brokerTest(
  "what a command prints is escaped on a terminal, and as it is in a pipe",
  async (broker) => {
    const evil = "\\033[2J\\r\\302\\233\\342\\200\\256a\\tb\\n"; // as printf writes it
    const script = `printf '${evil}'; printf '${evil}\\200\\n' >&2`;
    const raw = "\x1b[2J\r\x9b\u202ea\tb\n";
    const queue = broker.taskQueue();
    await broker.publish(queue, "task", { messageId: "id-1" });
    const flags = `--url '${broker.url}' --queue '${queue}' --name C1 ${DRAIN.join(" ")}`;
    const command = `sh -c "${script.replace(/[\\]/g, "\\\\")}"`;
    const line = `'${EXECUTABLE}' work ${flags} -- ${command}`;
    const terminal = await Worktool.run([line, "/dev/null"], {
      command: ["script", "--quiet", "--return", "--command"],
    });
    const shown = terminal.stdout.replaceAll("\r\n", "\n");
    const escaped = "C1 id-1 | \\x1b[2J\\r\\x9b\\u202ea\tb\n";
    assert.equal(shown.split(escaped).length, 3, shown); // of stdout and of stderr
    assert.ok(shown.includes("C1 id-1 | \\x80\n"), shown);

    await broker.publish(queue, "task");
    const piped = await broker.run("work", queue, [...DRAIN, "--", "sh", "-c", script]);
    assert.equal(piped.stdout, raw);
    assert.ok(piped.stderr.includes(raw), piped.stderr);
  },
);

brokerTest("--output inherit gives the command worktool's own streams", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  const { stdout, stderr } = await broker.run("work", queue, [
    ...[...DRAIN, "--output", "inherit", "--", "sh", "-c", "printf half; printf line >&2"],
  ]);
  assert.equal(stdout, "half"); // nothing waits for a whole line
  assert.match(stderr, /line/);
});

brokerTest(
  "--output discard shows nothing, and keeps stderr for the dead letter",
  async (broker) => {
    const queue = broker.taskQueue();
    await broker.send(queue, "task");
    const { stdout, stderr } = await broker.run("work", queue, [
      ...[...DRAIN, "--output", "discard", "--", "sh", "-c", "echo out; echo why >&2; exit 1"],
    ]);
    assert.equal(stdout, "");
    assert.doesNotMatch(stderr, /why/);
    const [dead] = await broker.take(`${queue}.dead`);
    assert.equal(dead!.properties.headers!["x-worktool-stderr"], "why\n");
  },
);

brokerTest("--json carries the output in events, base64 where it is not UTF-8", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "task", { messageId: "id-1" });
  const script = "echo ä; echo why >&2; printf '\\377\\n'";
  const exit = await broker.run("work", queue, [...DRAIN, "--json", "--", "sh", "-c", script]);
  const outputs = events(exit, "output");
  const of = (stream: string) =>
    Buffer.concat(
      outputs.filter((output) => output.stream === stream).map(({ text, encoding }) =>
        Buffer.from(text, encoding)
      ),
    );
  assert.deepEqual(of("stdout"), Buffer.from([0xc3, 0xa4, 0x0a, 0xff, 0x0a]));
  assert.deepEqual(of("stderr"), Buffer.from("why\n"));
  for (const { messageId, attempt } of outputs) assert.deepEqual([messageId, attempt], ["id-1", 1]);
  assert.ok(outputs.some(({ encoding }) => encoding === "base64"));
  const order = events(exit).map(({ event }) => event);
  assert.ok(order.lastIndexOf("output") < order.indexOf("done"));
});

for (const mode of [["--output", "prefix"], ["--json"]]) {
  brokerTest(`a command may write 100 MB, ${mode[0]}: all of it arrives`, async (broker) => {
    const queue = broker.taskQueue();
    await broker.send(queue, "task");
    const worktool = [EXECUTABLE, "work", "--url", broker.url, "--queue", queue, ...DRAIN, ...mode];
    const { code, stdout, stderr } = await Worktool.run([
      "--",
      ...["sh", "-c", "yes 0123456789abcdef | head -c 100000000"],
    ], {
      command: [
        "bash",
        "-o",
        "pipefail",
        "-c",
        '"$@" | grep -o 0123456789abcde | wc -l',
        "bash",
        ...worktool,
      ],
    });
    assert.equal(code, 0, stderr);
    assert.equal(Number(stdout), Math.floor(100_000_000 / 17) + 1);
  });
}

brokerTest("a command may write 100 MB to nowhere", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  const script = "yes | head -c 100000000 >&2; echo last >&2; exit 1";
  await broker.run("work", queue, [...DRAIN, "--output", "discard", "--", "sh", "-c", script]);
  const [dead] = await broker.take(`${queue}.dead`);
  const tail: string = dead!.properties.headers!["x-worktool-stderr"];
  assert.equal(tail.length, 2048);
  assert.match(tail, /^\n?(y\n)+last\n$/);
});

brokerTest("a command may read nothing, or close its stdin early", async (broker) => {
  const queue = broker.taskQueue();
  const body = new Uint8Array(200_000);
  for (const command of [["true"], ["head", "-c", "1"], ["sh", "-c", "exec <&-; echo on"]]) {
    await broker.publish(queue, body);
    const { code, stderr } = await broker.run("work", queue, [...DRAIN, "--", ...command]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /1 done/);
  }
});

brokerTest("what a command leaves running holds nothing up, and is ended", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  const script = "sleep 1000 & echo $!"; // it holds stdout and stderr
  const { code, stdout } = await broker.run("work", queue, [...DRAIN, "--", "sh", "-c", script]);
  assert.equal(code, 0);
  await processesEnd(Number(stdout));
});

brokerTest("a daemon that holds stdout is not waited for", async (broker) => {
  const queue = broker.taskQueue();
  await broker.send(queue, "task");
  const script = "setsid sleep 1000 & sleep 0.1; echo $!";
  const { code, stdout } = await broker.run("work", queue, [...DRAIN, "--", "sh", "-c", script]);
  Deno.kill(Number(stdout), "SIGKILL"); // it was out of reach, as documented
  assert.equal(code, 0);
});

brokerTest(
  "a reader of the output that has gone ends the worker, the task goes back",
  async (broker) => {
    const queue = broker.taskQueue();
    await broker.send(queue, "task");
    const { code, stderr } = await broker.run("work", queue, ["--", "yes"], {
      command: ["bash", "-o", "pipefail", "-c", '"$@" | head -1', "bash", EXECUTABLE],
    });
    assert.equal(code, 1);
    assert.match(stderr, /cannot write the output: EPIPE/);
    assert.deepEqual(await broker.takeBodies(queue), ["task"]);
  },
);
