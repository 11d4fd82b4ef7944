/** `work -- command`: what the command gets, and that nothing of it is worktool's business. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { type Broker, brokerTest } from "../support/brokers.ts";
import type { Exit, StartOptions } from "../support/worktool.ts";

const SCRIPTS: StartOptions = { env: { MARK: "of the parent" } };

/** Runs a command for all that is in the queue; its stdout is worktool's. */
function drain(
  broker: Broker,
  queue: string,
  command: readonly string[],
  flags: readonly string[] = [],
): Promise<Exit> {
  const args = ["--until-empty", "--no-retry", ...flags, "--", ...command];
  return broker.run("work", queue, args, SCRIPTS);
}

const BODIES = {
  "an empty body": new Uint8Array(),
  "a body of 10 MB": new Uint8Array(randomBytes(10_000_000)),
  "a body that is not UTF-8": new Uint8Array([0, 0x80, 0xff, 0xc3, 0x0a, 0xed, 0xa0, 0x80, 0x0d]),
};

for (const [what, body] of Object.entries(BODIES)) {
  brokerTest(`stdin is ${what}, to the byte`, async (broker) => {
    const queue = broker.taskQueue();
    await broker.publish(queue, body);
    const { code, stdout, stderr } = await drain(broker, queue, ["sha256sum"]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `${createHash("sha256").update(body).digest("hex")}  -\n`);
  });
}

brokerTest(
  "--body file: the last argument is a private file, removed afterwards",
  async (broker) => {
    const queue = broker.taskQueue();
    const tmp = await Deno.makeTempDir();
    try {
      const body = BODIES["a body that is not UTF-8"];
      await broker.publish(queue, body);
      const script = 'stat -c "%a $#" "$2"; sha256sum < "$2"; echo "$2"; wc -c';
      const command = ["sh", "-c", script, "sh", "first"];
      const args = ["--until-empty", "--body", "file", "--", ...command];
      const { code, stdout, stderr } = await broker.run("work", queue, args, {
        env: { TMPDIR: tmp },
      });
      assert.equal(code, 0, stderr);
      const [mode, hash, path, stdin] = stdout.split("\n");
      assert.equal(mode, "600 2");
      assert.equal(hash, `${createHash("sha256").update(body).digest("hex")}  -`);
      assert.ok(path!.startsWith(`${tmp}/`), path);
      assert.equal(stdin, "0");
      assert.deepEqual(await Array.fromAsync(Deno.readDir(tmp)), []);
    } finally {
      await Deno.remove(tmp, { recursive: true });
    }
  },
);

brokerTest("a command may take its file away", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "taken");
  const { code, stderr } = await drain(broker, queue, ["rm"], ["--body", "file"]);
  assert.equal(code, 0, stderr);
});

brokerTest("--body arg: the body is the last argument, whatever is in it", async (broker) => {
  const queue = broker.taskQueue();
  const body = "--help $(touch x) `id` 'ä' \"\\\n\t{} * -";
  await broker.publish(queue, body);
  const command = ["printf", "<%s>", "first"];
  const { code, stdout, stderr } = await drain(broker, queue, command, ["--body", "arg"]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `<first><${body}>`);
});

brokerTest("{} in the arguments is the body, as often as it stands there", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "$& {} ä");
  const { stdout } = await drain(broker, queue, ["printf", "[%s]", "a{}b{}", "{}", "{ }"]);
  assert.equal(stdout, "[a$& {} äb$& {} ä][$& {} ä][{ }]");
});

const UNFIT = {
  "a body that is not UTF-8": [new Uint8Array([0xff]), /not valid UTF-8 and cannot be an argument/],
  "a body with a zero byte": [new Uint8Array([0x41, 0]), /contains a zero byte/],
  "a body of 10 MB": ["x".repeat(10_000_000), /too large for an argument/],
} as const;

for (const [what, [body, reason]] of Object.entries(UNFIT)) {
  brokerTest(
    `${what} cannot be an argument: given up at once, the next one runs`,
    async (broker) => {
      const queue = broker.taskQueue();
      await broker.publish(queue, body);
      await broker.publish(queue, "fit");
      const args = ["--until-empty", "--", "printf", "<%s>", "{}"];
      const { code, stdout, stderr } = await broker.run("work", queue, args);
      assert.equal(code, 1);
      assert.match(stdout, /<fit>/);
      assert.match(stderr, /1 given up/);
      const [dead] = await broker.take(`${queue}.dead`);
      assert.equal(dead!.content.length, body.length);
      assert.match(dead!.properties.headers!["x-worktool-reason"], reason);
      assert.equal(dead!.properties.headers!["x-worktool-attempts"], 1);
    },
  );
}

brokerTest("nothing after -- is worktool's: flags, help, a second --", async (broker) => {
  const queue = broker.taskQueue();
  const run = async (...command: string[]) => {
    await broker.publish(queue, "task");
    return await drain(broker, queue, command);
  };
  assert.match((await run("cat", "--help")).stdout, /^Usage: cat /);
  assert.match((await run("cat", "--version")).stdout, /^cat \(GNU/);
  assert.equal(
    (await run("printf", "[%s]", "--", "--queue", "-n", "--")).stdout,
    "[--][--queue][-n][--]",
  );
  assert.equal((await run("env", "--", "printf", "%s", "--json")).stdout, "--json");
  const failed = await run("sh", "-c", "exit 3");
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /Failed 'task' at attempt 1: exit status 3/);
});

brokerTest("no shell is involved", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "task");
  const words = ["$MARK", "$(id)", "a b", "*", "|", ">", "/dev/null", ";", "&&", "~", "", "'"];
  const { stdout } = await drain(broker, queue, ["printf", "[%s]", ...words]);
  assert.equal(stdout, words.map((word) => `[${word}]`).join(""));
});

brokerTest("the command runs where worktool does, with its environment", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "task");
  const { stdout } = await drain(broker, queue, ["sh", "-c", 'pwd; echo "$MARK"']);
  assert.equal(stdout, `${Deno.cwd()}\nof the parent\n`);
});
