/** `work -- command`: what cannot be meant is refused, before a broker is asked. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { brokerTest } from "../support/brokers.ts";
import { Worktool } from "../support/worktool.ts";

const COMMAND = ["--", "true"];

const USAGE: readonly (readonly [flags: readonly string[], message: RegExp])[] = [
  [["--body", "arg"], /--body goes with a command: worktool work --body … -- command/],
  [["--output", "discard"], /--output goes with a command/],
  [["--timeout", "1s"], /--timeout goes with a command/],
  [["--kill-after", "1s"], /--kill-after goes with a command/],
  [["--on-exit", "1=dead"], /--on-exit goes with a command/],
  [["--attempts", "2"], /--attempts goes with a command/],
  [["--backoff", "1s"], /--backoff goes with a command/],
  [["--no-retry"], /--no-retry goes with a command/],
  [["--dead-letter", "q"], /--dead-letter goes with a command/],
  [["--"], /there is no command after --/],
  [["--", ""], /there is no command after --/],
  [["--ack", "auto", ...COMMAND], /--ack auto goes with the pretended work alone/],
  [["--ack", "early", ...COMMAND], /--ack early goes with the pretended work alone/],
  [["--ack", "never", ...COMMAND], /--ack never goes with the pretended work alone/],
  [["--dot", "1s", ...COMMAND], /--dot goes with the pretended work alone, not with a command/],
  [["--crash-during", "1", ...COMMAND], /--crash-during goes with the pretended work alone/],
  [
    ["--no-retry", "--attempts", "2", ...COMMAND],
    /'--no-retry' cannot be used with .* '--attempts/,
  ],
  [["--no-retry", "--backoff", "1s", ...COMMAND], /'--no-retry' cannot be used with .* '--backoff/],
  [["--json", "--output", "inherit", ...COMMAND], /--json carries the command's output/],
  [["--body", "pipe", ...COMMAND], /Allowed choices are stdin, arg, file/],
  [["--output", "none", ...COMMAND], /Allowed choices are inherit, prefix, discard/],
  [["--timeout", "0s", ...COMMAND], /must be more than 0/],
  [["--timeout", "5", ...COMMAND], /It has no unit/],
  [["--attempts", "0", ...COMMAND], /1 to 1000/],
  [["--attempts", "1001", ...COMMAND], /1 to 1000/],
  [["--concurrency", "0", ...COMMAND], /1 or more/],
  [["--on-exit", "", ...COMMAND], /write status=action/],
  [["--on-exit", "1", ...COMMAND], /'1': write status=action, for example 75=retry/],
  [
    ["--on-exit", "1=explode", ...COMMAND],
    /the action must be one of ack, retry, dead, reject, stop/,
  ],
  [["--on-exit", "256=dead", ...COMMAND], /'256' is no exit status/],
  [["--on-exit", "-1=dead", ...COMMAND], /'-1' is no exit status/],
  [["--on-exit", "9-3=dead", ...COMMAND], /'9-3' is no exit status/],
  [["--on-exit", "SIGKILL=dead", ...COMMAND], /'SIGKILL' is no exit status/],
  [["--on-exit", "1=dead,1=ack", ...COMMAND], /1/],
  [["--backoff", "0s", ...COMMAND], /must be more than 0/],
  [["--backoff", "5s..1s", ...COMMAND], /must not end below its beginning/],
  [["--backoff", "1s..2s..3s", ...COMMAND], /Write one duration, or two: 30s, 1s\.\.5m/],
  [["--backoff", "1s..", ...COMMAND], /argument '1s\.\.' is invalid/],
  [["--backoff", "soon", ...COMMAND], /argument 'soon' is invalid/],
  [["--dead-letter", "", ...COMMAND], /must not be empty/],
  [["--queue", "q", "--dead-letter", "q", ...COMMAND], /'q' is the work queue itself/],
  [["--dead-letter", "q".repeat(256), ...COMMAND], /It has 256 bytes; AMQP allows 255/],
  [
    ["--queue", "q".repeat(251), ...COMMAND],
    /q\.dead' would be too long, choose a shorter --queue/,
  ],
  [["--queue", "q".repeat(245), ...COMMAND], /q\.retry\.\d+m?s' would be too long/],
  [["--health", "garbage"], /Write a port, or host:port: 8080, 0\.0\.0\.0:8080/],
  [["--health", "65536"], /Write a port/],
  [["--health", ":"], /Write a port/],
  [["--wait", "soon"], /argument 'soon' is invalid/],
  [["--reconnect-for", "-1s"], /argument '-1s' is invalid/],
  [["--reconnect-delay", "0s"], /must be more than 0/],
];

for (const [flags, message] of USAGE) {
  const shown = flags.map((flag) => flag.length > 40 ? `${flag.slice(0, 10)}…` : flag).join(" ");
  Deno.test(`usage: worktool work ${shown}`, async () => {
    const { code, stdout, stderr } = await Worktool.run(["work", ...flags]);
    assert.equal(code, 64, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^worktool: /);
    assert.match(stderr, message);
  });
}

brokerTest("the longest name that leaves room for a dead letter works", async (broker) => {
  const queue = broker.derivedQueue(`worktool.test.${crypto.randomUUID()}`.padEnd(250, "q"));
  broker.derivedQueue(`${queue}.dead`);
  await broker.send(queue, "task");
  const { code, stderr } = await broker.run("work", queue, [
    ...["--no-retry", "--until-empty", "--", "false"],
  ]);
  assert.equal(code, 1, stderr);
  assert.deepEqual(await broker.takeBodies(`${queue}.dead`), ["task"]);
});

brokerTest("a --health port that is taken: 69, and nothing is consumed", async (broker) => {
  const queue = broker.queue();
  await broker.send(queue, "task");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const { code, stdout, stderr } = await broker.run("work", queue, [
      ...["--health", `127.0.0.1:${port}`, "--until-empty"],
    ]);
    assert.equal(code, 69);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      new RegExp(
        `^worktool: cannot listen on 127.0.0.1:${port} for --health: another process does`,
      ),
    );
    assert.deepEqual(await broker.takeBodies(queue), ["task"]);
  } finally {
    await once(server.close(), "close");
  }
});

for (
  const command of [
    [],
    ["send"],
    ["work"],
    ["dead"],
    ["dead", "replay"],
    ["broker"],
    ["lab"],
    ["wait"],
    ["check"],
    ["expect"],
    ["queue"],
    ["queue", "ls"],
    ["queue", "show"],
  ]
) {
  Deno.test(`the help of worktool ${command.join(" ")} fits 80 columns`, async () => {
    const { stdout } = await Worktool.run([...command, "--help"]);
    assert.deepEqual(stdout.split("\n").filter((line) => line.length > 80), []);
  });
}
