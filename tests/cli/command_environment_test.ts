/** `work -- command`: what the command is told of its task besides the body. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Broker, brokerTest } from "../support/brokers.ts";

/** The task variables of a command's environment. */
async function taskVariables(
  broker: Broker,
  queue: string,
  { flags = [], env = {} }: { flags?: string[]; env?: Record<string, string> } = {},
): Promise<Record<string, string>> {
  // Zero bytes end the variables, a newline ends the output.
  const command = ["sh", "-c", "env -0 | base64 -w0"];
  const args = ["--until-empty", "--no-retry", ...flags, "--", ...command];
  const { code, stdout, stderr } = await broker.run("work", queue, args, { env });
  assert.equal(code, 0, stderr);
  const variables = Buffer.from(stdout.trim(), "base64").toString().split("\0");
  const entries = variables.map((variable) => /^([^=]*)=([^]*)$/.exec(variable)?.slice(1) ?? []);
  return Object.fromEntries(
    entries.filter(([name]) => name && /^WORKTOOL_(?!TEST_|CHAOS_)/.test(name)),
  );
}

brokerTest("every property and header reaches WORKTOOL_PROPERTIES", async (broker) => {
  const queue = broker.taskQueue();
  const headers = {
    text: "ä\n\"'\0",
    whole: -7,
    large: 2 ** 40,
    fraction: 0.5,
    flag: true,
    nothing: null,
    list: [1, "two", { three: 3 }],
    table: { deep: { deeper: "x" } },
    bytes: Buffer.from("plain"),
    raw: Buffer.from([0xff, 0x00]),
  };
  const properties = {
    contentType: "text/plain",
    contentEncoding: "identity",
    deliveryMode: 2,
    priority: 3,
    correlationId: "correlation",
    replyTo: "reply",
    expiration: "3600000",
    messageId: "id-1",
    timestamp: 1_700_000_000,
    type: "kind",
    userId: "guest",
    appId: "app",
  };
  await broker.publish(queue, "task", { ...properties, headers });
  const variables = await taskVariables(broker, queue);
  assert.deepEqual(JSON.parse(variables.WORKTOOL_PROPERTIES!), {
    ...properties,
    headers: { ...headers, bytes: "plain", raw: { base64: "/wA=" } },
  });
});

brokerTest("every variable of a task is set", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "task", { messageId: "id ä", contentType: "text/plain" });
  const before = Date.now();
  const variables = await taskVariables(broker, queue, { flags: ["--timeout", "1m"] });
  const { WORKTOOL_DEADLINE: deadline, WORKTOOL_PROPERTIES: _, ...others } = variables;
  assert.deepEqual(others, {
    WORKTOOL_QUEUE: queue,
    WORKTOOL_MESSAGE_ID: "id ä",
    WORKTOOL_ATTEMPT: "1",
    WORKTOOL_REDELIVERED: "false",
    WORKTOOL_ROUTING_KEY: queue,
    WORKTOOL_CONTENT_TYPE: "text/plain",
  });
  const leftMs = new Date(deadline!).getTime() - 60_000;
  assert.ok(before <= leftMs && leftMs <= Date.now(), deadline);
});

brokerTest(
  "what a task does not have is not set, whatever worktool's own environment has",
  async (broker) => {
    const queue = broker.taskQueue();
    await broker.publish(queue, "task");
    const stray = {
      WORKTOOL_MESSAGE_ID: "stray",
      WORKTOOL_CONTENT_TYPE: "stray",
      WORKTOOL_DEADLINE: "stray",
      WORKTOOL_ATTEMPT: "stray",
      WORKTOOL_OTHER: "kept",
    };
    const variables = await taskVariables(broker, queue, { env: stray });
    const { WORKTOOL_PROPERTIES: properties, ...others } = variables;
    assert.deepEqual(others, {
      WORKTOOL_QUEUE: queue,
      WORKTOOL_ATTEMPT: "1",
      WORKTOOL_REDELIVERED: "false",
      WORKTOOL_ROUTING_KEY: queue,
      WORKTOOL_OTHER: "kept",
    });
    assert.deepEqual(JSON.parse(properties!), { headers: {} });
  },
);

brokerTest("a second attempt is told, and has the routing key of the first", async (broker) => {
  const queue = broker.taskQueue();
  await broker.publish(queue, "task", { messageId: "id-1" });
  const script = 'echo "$WORKTOOL_ATTEMPT $WORKTOOL_ROUTING_KEY $WORKTOOL_MESSAGE_ID"; ' +
    "[ $WORKTOOL_ATTEMPT = 2 ]";
  const args = ["--until-empty", "--backoff", "10ms", "--", "sh", "-c", script];
  const { code, stdout, stderr } = await broker.run("work", queue, args);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `1 ${queue} id-1\n2 ${queue} id-1\n`);
});

brokerTest("a redelivery by a quorum queue is told", async (broker) => {
  const queue = broker.taskQueue();
  const quorum = ["--queue-type", "quorum"];
  await broker.run("send", queue, [...quorum, "task"]);
  const victim = broker.start("work", queue, [...quorum, "--json", "--", "sleep", "1000"]);
  await victim.event("received");
  victim.kill("SIGKILL");
  await victim.exited;
  await broker.becomesReady(queue, 1);
  const variables = await taskVariables(broker, queue, { flags: quorum });
  assert.equal(variables.WORKTOOL_REDELIVERED, "true");
  assert.equal(variables.WORKTOOL_ATTEMPT, "2");
});
