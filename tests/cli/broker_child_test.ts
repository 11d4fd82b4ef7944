/** `worktool broker -- command`: a broker that is there as long as a command. */
import assert from "node:assert/strict";
import { eventually } from "../support/deadline.ts";
import { isRunning, processesEnd } from "../support/processes.ts";
import { EXECUTABLE, Worktool } from "../support/worktool.ts";

const BROKER = ["broker", "--"];
/** A command that says its number and goes on until somebody ends it. */
const STAYS = 'echo "pid $$"; exec sleep 600';

async function pidIn(worktool: Worktool): Promise<number> {
  return Number((await worktool.line(/^pid \d+$/)).slice(4));
}

Deno.test("broker -- command: the URLs work, and standard output is the command's", async () => {
  const script = `"${EXECUTABLE}" send --url "$AMQP_URL" first >&2 && ` +
    `"${EXECUTABLE}" queue show task_queue --json`;
  const { code, stdout, stderr } = await Worktool.run([...BROKER, "sh", "-c", script]);
  assert.equal(code, 0, stderr);
  const queue = JSON.parse(stdout);
  assert.equal(queue.ready, 1);
  assert.equal(queue.unacked, 0, "the management API was asked");
  assert.doesNotMatch(stderr, /amqp:|management|opened|stopped/);
});

Deno.test("broker -- command ends as the command does", async () => {
  assert.equal((await Worktool.run([...BROKER, "sh", "-c", "exit 7"])).code, 7);
  assert.equal((await Worktool.run([...BROKER, "sh", "-c", "kill -KILL $$"])).code, 137);
  const missing = await Worktool.run([...BROKER, "worktool-no-such-command"]);
  assert.equal(missing.code, 127);
  assert.match(missing.stderr, /^worktool: the command cannot be run: /);
  const none = await Worktool.run(BROKER);
  assert.equal(none.code, 64);
  const unseparated = await Worktool.run(["broker", "pytest"]);
  assert.equal(unseparated.code, 64);
  assert.match(unseparated.stderr, /write -- before the command: worktool broker \[options\] -- p/);
});

Deno.test("broker -- command: users, virtual hosts and --no-http are told as they are", async () => {
  const flags = ["broker", "--user", "ci:a b/c", "--no-http", "--"];
  const script = 'echo "$AMQP_URL" "[$RABBITMQ_MANAGEMENT_URL]"';
  const { code, stdout } = await Worktool.run([...flags, "sh", "-c", script], {
    env: { RABBITMQ_MANAGEMENT_URL: "http://other:15672" },
  });
  assert.equal(code, 0);
  assert.match(stdout, /^amqp:\/\/ci:a%20b%2Fc@127\.0\.0\.1:\d+ \[\]\n$/);
});

Deno.test("broker --data -- command keeps what the next one finds", async () => {
  const data = await Deno.makeTempDir({ prefix: "worktool-test-" });
  try {
    const broker = ["broker", "--data", data, "--", EXECUTABLE];
    assert.equal((await Worktool.run([...broker, "send", "kept"])).code, 0);
    const work = await Worktool.run([...broker, "work", "--until-empty"]);
    assert.match(work.stdout, /Received 'kept'/);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("broker -- command in --json: events on standard error", async () => {
  const { stdout, stderr } = await Worktool.run(["broker", "--json", "--", "echo", "hi"]);
  assert.equal(stdout, "hi\n");
  const events = stderr.trimEnd().split("\n").map((line) => JSON.parse(line).event);
  assert.deepEqual(events, ["listening", "management", "closed"]);
});

Deno.test("broker -- command passes signals on, and ends with the command", async () => {
  const script = 'trap "echo bye; exit 3" TERM; echo "pid $$"; while :; do sleep 0.1; done';
  await using worktool = Worktool.start([...BROKER, "sh", "-c", script]);
  await pidIn(worktool);
  worktool.kill("SIGTERM");
  const { code, stdout } = await worktool.exited;
  assert.equal(code, 3);
  assert.match(stdout, /bye\n$/);
});

Deno.test("broker -- command: a signal that ends the command is 128 and its number", async () => {
  await using worktool = Worktool.start([...BROKER, "sh", "-c", STAYS]);
  await pidIn(worktool);
  worktool.kill("SIGTERM");
  assert.equal((await worktool.exited).code, 143);
});

Deno.test("broker -- command: kill -9 of worktool leaves nothing of the command", async () => {
  const script = `sleep 600 & echo "child $!"; ${STAYS}`;
  await using worktool = Worktool.start([...BROKER, "sh", "-c", script]);
  const child = Number((await worktool.line(/^child /)).slice(6));
  const pid = await pidIn(worktool);
  await eventually("its guard", async () => {
    const children = await Deno.readTextFile(`/proc/${worktool.pid}/task/${worktool.pid}/children`);
    const lines = await Promise.all(
      children.trim().split(" ").map((one) =>
        Deno.readTextFile(`/proc/${one}/cmdline`).catch(() => "") // it has ended
      ),
    );
    return lines.some((line) => line.includes("worktool-process-guard"));
  });
  worktool.kill("SIGKILL");
  await worktool.exited;
  await processesEnd(pid, child);
});

Deno.test("broker -- command: a second signal leaves nothing of a command that ignores SIGTERM", async () => {
  const script = 'trap "echo ignored" TERM; echo "pid $$"; while :; do sleep 0.1; done';
  await using worktool = Worktool.start([...BROKER, "sh", "-c", script]);
  const pid = await pidIn(worktool);
  worktool.kill("SIGTERM");
  await worktool.line(/^ignored$/);
  assert.equal((await worktool.killAgain("SIGTERM")).code, 143);
  await processesEnd(pid);
});

Deno.test("broker -- command: what the command leaves behind ends with it", async () => {
  const script = 'sleep 600 >/dev/null 2>&1 & echo "pid $!"';
  await using worktool = Worktool.start([...BROKER, "sh", "-c", script]);
  const pid = await pidIn(worktool);
  assert.equal((await worktool.exited).code, 0);
  await eventually("what it left to end", () => !isRunning(pid));
});

Deno.test("broker -- command: a port that is taken is said, and nothing is run", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = `${(taken.addr as Deno.NetAddr).port}`;
  const { code, stdout, stderr } = await Worktool.run([
    "broker",
    "--port",
    port,
    "--",
    "echo",
    "run",
  ]);
  assert.deepEqual([code, stdout], [69, ""]);
  assert.match(stderr, new RegExp(`^worktool: cannot listen on 127\\.0\\.0\\.1:${port}: `));
});
