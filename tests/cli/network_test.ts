/** Connections that are cut or fall silent; and where the URL comes from. */
import assert from "node:assert/strict";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { brokerTest } from "../support/brokers.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { EXECUTABLE, Worktool } from "../support/worktool.ts";

brokerTest("a worker notices a half-open connection by its heartbeat: 69", async (broker) => {
  const queue = broker.queue();
  await using proxy = await TcpProxy.start(broker.url);
  await broker.send(queue, "running.");
  const args = ["--url", proxy.url, "--queue", queue, "--heartbeat", "1s", "--dot", "5m"];
  await using worker = Worktool.start(["work", "--reconnect-for", "0", ...args]);
  await worker.line(/Received 'running\.'/);
  proxy.silence();
  const { code, stdout, stderr } = await worker.exited;
  assert.equal(code, 69);
  assert.match(stderr, /the connection to .* was lost: Heartbeat timeout/);
  assert.match(stderr, /tasks that were not acknowledged are in the queue/);
  assert.doesNotMatch(stdout, /Done/);
  await broker.becomesReady(queue, 1); // the broker misses our heartbeats too
});

brokerTest("a worker whose connection is cut exits 69, its task returns", async (broker) => {
  const queue = broker.queue();
  await using proxy = await TcpProxy.start(broker.url);
  await broker.send(queue, "running.");
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", queue, "--dot", "5m", "--reconnect-for", "0"],
  ]);
  await worker.line(/Received 'running\.'/);
  proxy.cut();
  const { code, stdout } = await worker.exited;
  assert.equal(code, 69);
  assert.doesNotMatch(stdout, /Done/);
  await broker.becomesReady(queue, 1);
});

brokerTest("a broker that never confirms: 75 after --confirm-timeout", async (broker) => {
  const queue = broker.queue();
  await using proxy = await TcpProxy.start(broker.url);
  await using send = Worktool.start([
    ...["send", "--url", proxy.url, "--queue", queue, "--count", "1000", "--rate", "50"],
    ...["--confirm-timeout", "3s", "--json", "task {n}"],
  ]);
  await send.event("sent");
  proxy.silence();
  const { code, stdout, stderr } = await send.exited;
  assert.equal(code, 75);
  assert.match(stderr, /no publisher confirm within 3\.00 s/);
  const stopped = JSON.parse(stdout.trim().split("\n").at(-1)!);
  assert.ok(stopped.unknown > 0);
  assert.equal(stopped.sent, stopped.confirmed + stopped.unknown);
  assert.equal(stdout.match(/"event":"unknown"/g)?.length, stopped.unknown);
});

brokerTest("a connection that is cut before anything was sent: 69", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url, (bytes) => {
    if (bytes.includes(methodIdBytes("queue.declare"))) proxy.cut();
    return "pass";
  });
  const { code } = await Worktool.run([
    ...["send", "--url", proxy.url, "--connect-timeout", "5s", "--queue", broker.queue()],
    ...["--reconnect-for", "0", "x"],
  ]);
  assert.equal(code, 69);
});

brokerTest(
  "the URL comes from --url, AMQP_URL, RABBITMQ_URL, CLOUDAMQP_URL, in this order",
  async (broker) => {
    const dead = "amqp://127.0.0.1:1";
    const alive = broker.url;
    const queue = ["--queue", broker.queue()];
    const exitCode = async (args: string[], env: Record<string, string>) =>
      (await Worktool.run(["send", ...queue, ...args, "x"], { env })).code;
    assert.equal(await exitCode(["--url", alive], { AMQP_URL: dead }), 0);
    assert.equal(await exitCode(["--uri", alive], { AMQP_URL: dead }), 0);
    assert.equal(await exitCode([], { AMQP_URL: ` ${alive}\n` }), 0);
    assert.equal(await exitCode([], { AMQP_URL: alive, RABBITMQ_URL: dead }), 0);
    assert.equal(await exitCode([], { RABBITMQ_URL: alive, CLOUDAMQP_URL: dead }), 0);
    assert.equal(await exitCode([], { AMQP_URL: "", CLOUDAMQP_URL: alive }), 0);
    assert.equal(await exitCode([], { AMQP_URL: dead, RABBITMQ_URL: alive }), 69);
  },
);

brokerTest("a .env file in the working directory changes nothing", async (broker) => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/.env`, "AMQP_URL=amqp://127.0.0.1:1\n");
    const { code } = await Worktool.run(["send", "--queue", broker.queue(), "x"], {
      env: { RABBITMQ_URL: broker.url },
      command: ["env", "-C", directory, EXECUTABLE],
    });
    assert.equal(code, 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
