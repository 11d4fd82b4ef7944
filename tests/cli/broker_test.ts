/** `worktool broker` as a process: its URL, its log, its data, and why it may refuse to start. */
import assert from "node:assert/strict";
import { connect } from "amqplib";
import { events, type StartOptions, Worktool } from "../support/worktool.ts";

Deno.test("the broker prints its URL first, serves, and stops in order", async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using broker = Worktool.start(["broker", "--port", "0", "--memory"]);
    const url = await broker.line(/^amqp:/);
    assert.match(url, /^amqp:\/\/127\.0\.0\.1:\d+\/$/);
    assert.equal((await Worktool.run(["send", "--url", url, "task"])).code, 0);
    const worked = await Worktool.run(["work", "--url", url, "--until-empty"]);
    assert.match(worked.stdout, /Received 'task'/);
    const worker = Worktool.start(["work", "--url", url, "--reconnect-for", "0"]);
    await worker.line(/Waiting/);
    broker.kill(signal);
    assert.equal((await broker.exited).code, 0);
    const { code, stderr } = await worker.exited;
    assert.equal(code, 69);
    assert.match(stderr, /320 CONNECTION_FORCED/);
  }
});

Deno.test("the broker logs connections and refusals, methods with --verbose", async () => {
  await using broker = Worktool.start(["broker", "--port", "0", "--memory", "--verbose"]);
  const url = await broker.line(/^amqp:/);
  await Worktool.run(["send", "--url", url, "task"]);
  await broker.line(/^\[1\] opened by guest in vhost '\/': worktool send \d+$/);
  await broker.line(/^\[1\] channel \d queue\.declare/);
  await broker.line(/^\[1\] disconnected/);
  const wrong = url.replace("amqp://", "amqp://guest:s3cret@");
  assert.equal((await Worktool.run(["send", "--url", wrong, "task"])).code, 77);
  await broker.line(/^\[2\] refused: 403 ACCESS_REFUSED/);
  broker.kill("SIGTERM");
  const { stdout, stderr } = await broker.exited;
  assert.doesNotMatch(stdout + stderr, /s3cret/);
});

Deno.test("--json tells the same as objects", async () => {
  await using broker = Worktool.start(["broker", "--port", "0", "--memory", "--json", "--no-http"]);
  const { url } = await broker.event("listening");
  await Worktool.run(["send", "--url", url as string, "task"]);
  await broker.event("disconnected");
  broker.kill("SIGTERM");
  const names = events(await broker.exited).map(({ event }) => event);
  assert.deepEqual(names, [
    ...["listening", "connected", "opened"],
    "channel-error", // send looked for its queue, and there was none yet
    ...["disconnected", "closed"],
  ]);
});

Deno.test("names are told as they were written", async () => {
  await using broker = Worktool.start([
    ...["broker", "--port", "0", "--memory", "--json", "--vhost", "☃", "--user", "ü:p"],
  ]);
  const { url } = await broker.event("listening");
  const own = new URL("/%E2%98%83", (url as string).replace("amqp://", "amqp://%C3%BC:p@"));
  assert.equal((await Worktool.run(["send", "--url", own.href, "task"])).code, 0);
  const { user, vhost } = await broker.event("opened");
  assert.deepEqual([user, vhost], ["ü", "☃"]);
  broker.kill("SIGTERM");
  await broker.exited;
});

Deno.test("durable tasks survive kill -9, and a second broker may not touch them", async () => {
  await withDirectory(async (directory) => {
    const options = { env: { XDG_STATE_HOME: directory } }; // the default place for data
    {
      await using broker = Worktool.start(["broker", "--port", "0"], options);
      const url = await broker.line(/^amqp:/);
      assert.equal((await Worktool.run(["send", "--url", url, "kept"])).code, 0);
      assert.equal((await Worktool.run(["send", "--url", url, "--transient", "lost"])).code, 0);
      const second = await Worktool.run(["broker", "--port", "0"], options);
      assert.equal(second.code, 69);
      assert.match(second.stderr, /is in use by another broker\n +- choose another with --data/);
      broker.kill("SIGKILL");
      await broker.exited;
    }
    await using broker = Worktool.start(["broker", "--port", "0"], options);
    const url = await broker.line(/^amqp:/);
    await broker.line(/1 message found in the data directory/);
    const { stdout } = await Worktool.run(["work", "--url", url, "--until-empty"]);
    assert.deepEqual(stdout.match(/Received '\w+'/g), ["Received 'kept'"]);
    broker.kill("SIGTERM");
    await broker.exited;
  });
});

Deno.test("a broker that cannot start says why: 69", async () => {
  await using broker = Worktool.start(["broker", "--port", "0", "--memory"]);
  const port = new URL(await broker.line(/^amqp:/)).port;
  const taken = await Worktool.run(["broker", "--port", port, "--memory"]);
  assert.equal(taken.code, 69);
  assert.match(
    taken.stderr,
    new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: another process`),
  );
  const elsewhere = await Worktool.run([
    "broker",
    "--host",
    "192.0.2.1",
    "--port",
    "0",
    "--memory",
  ]);
  assert.equal(elsewhere.code, 69);
  assert.match(elsewhere.stderr, /this machine has no such address/);
  const nowhere = await Worktool.run([
    ...["broker", "--host", "no-such-host.invalid", "--port", "0", "--memory"],
  ]);
  assert.equal(nowhere.code, 69);
  assert.match(nowhere.stderr, /cannot listen on no-such-host\.invalid:0: there is no such host/);
  const noDirectory = await Worktool.run(["broker", "--port", "0", "--data", "/proc/nowhere"]);
  assert.equal(noDirectory.code, 69);
  assert.match(noDirectory.stderr, /--memory to keep nothing on disk/);
  broker.kill("SIGTERM");
  await broker.exited;
});

Deno.test("a broker that cannot have its port leaves no data behind", async () => {
  await withDirectory(async (directory) => {
    await using broker = Worktool.start(["broker", "--port", "0", "--memory"]);
    const port = new URL(await broker.line(/^amqp:/)).port;
    const data = `${directory}/data`;
    const { code, stderr } = await Worktool.run(["broker", "--port", port, "--data", data]);
    assert.equal(code, 69);
    assert.match(stderr, /another process/);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(directory)), []);
    broker.kill("SIGTERM");
    await broker.exited;
  });
});

Deno.test("users and what they may do; guest is gone when others are named", async () => {
  await using broker = Worktool.start([
    ...["broker", "--port", "0", "--memory", "--vhost", "other"],
    ...["--user", "boss:secret", "--user", "sender:secret:^mine$:.*:.*"],
  ]);
  const url = await broker.line(/^amqp:/);
  const as = (user: string, vhost = "") => url.replace("amqp://", `amqp://${user}@`) + vhost;
  const send = async (url: string, queue: string) =>
    (await Worktool.run(["send", "--url", url, "--queue", queue, "x"])).code;
  assert.equal(await send(url, "any"), 77);
  assert.equal(await send(as("boss:secret"), "any"), 0);
  assert.equal(await send(as("boss:secret", "other"), "any"), 0);
  assert.equal(await send(as("sender:secret"), "mine"), 0);
  assert.equal(await send(as("sender:secret"), "theirs"), 77);
  broker.kill("SIGTERM");
  await broker.exited;
});

Deno.test("--consumer-timeout takes a task back from a worker that is too slow", async () => {
  await using broker = Worktool.start([
    ...["broker", "--port", "0", "--memory", "--consumer-timeout", "300ms", "--like", "4.0"],
  ]);
  const url = await broker.line(/^amqp:/);
  await Worktool.run(["send", "--url", url, "slow."]);
  const { code, stdout, stderr } = await Worktool.run([
    "work",
    "--url",
    url,
    "--dot",
    "5m",
    "--reconnect-for",
    "0",
  ]);
  assert.equal(code, 69);
  assert.match(stderr, /a task took longer than the broker waits for its acknowledgement: 406/);
  assert.doesNotMatch(stdout, /Done/);
  const again = await Worktool.run(["work", "--url", url, "--until-empty", "--dot", "1ms"]);
  assert.match(again.stdout, /Received 'slow\.' \(redelivered\)/);
  broker.kill("SIGTERM");
  await broker.exited;
});

Deno.test("--like chooses the release, and what a client asks tells it", async () => {
  for (const [flags, release] of [[[], "4.3"], [["--like", "3.10"], "3.10"]] as const) {
    await using broker = Worktool.start(["broker", "--port", "0", "--memory", ...flags]);
    const connection = await connect(await broker.line(/^amqp:/));
    const { product, rabbitmq_release } = connection.connection.serverProperties;
    assert.deepEqual([product, rabbitmq_release], ["worktool", release]);
    await connection.close();
    broker.kill("SIGTERM");
    await broker.exited;
  }
  const unknown = await Worktool.run(["broker", "--like", "5"]);
  assert.deepEqual([unknown.code, unknown.stdout], [64, ""]);
});

Deno.test("--deny refuses a deprecated feature, and send says why", async () => {
  const deny = ["--deny", "transient_nonexcl_queues"];
  await using broker = Worktool.start(["broker", "--port", "0", "--memory", ...deny]);
  const url = await broker.line(/^amqp:/);
  const { code, stderr } = await Worktool.run(["send", "--url", url, "--no-durable", "task"]);
  assert.equal(code, 65);
  assert.match(stderr, /541 .*transient_nonexcl_queues/);
  assert.match(stderr, /leave out --no-durable/);
  assert.equal((await Worktool.run(["send", "--url", url, "task"])).code, 0);
  broker.kill("SIGTERM");
  await broker.exited;
  for (const wrong of [["--deny", "everything"], ["--like", "3.10", ...deny]]) {
    assert.equal((await Worktool.run(["broker", ...wrong])).code, 64);
  }
});

Deno.test("--user-tags of nobody are refused", async () => {
  const { code, stderr } = await Worktool.run(["broker", "--user-tags", "eve:impersonator"]);
  assert.equal(code, 64);
  assert.match(stderr, /--user-tags eve: no such user/);
});

Deno.test("--max-memory blocks publishers, and send says so", async () => {
  await using broker = Worktool.start([
    ...["broker", "--port", "0", "--memory", "--max-memory", "8MB"],
  ]);
  const url = await broker.line(/^amqp:/);
  const args = ["--url", url, "--transient"];
  const input: StartOptions = { stdin: new Uint8Array(9_000_000) };
  assert.equal((await Worktool.run(["send", ...args, "--stdin", "--no-echo"], input)).code, 0);
  const blocked = Worktool.start(["send", ...args, "--confirm-timeout", "5m", "patient"]);
  await blocked.line(/The broker blocks publishers/);
  await broker.line(/publishers blocked: clients fill \d+ MB/);
  const connection = await connect(url);
  connection.on("error", () => {}); // whatever is wrong shows below
  const channel = await connection.createChannel();
  await channel.purgeQueue("task_queue");
  await broker.line(/publishers go on/);
  assert.equal((await blocked.exited).code, 0);
  await connection.close();
  broker.kill("SIGTERM");
  await broker.exited;
});

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
