/** The management HTTP API of `worktool broker`, beside RabbitMQ's own. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { connect } from "amqplib";
import fc from "fast-check";
import { ManagementApi } from "../../src/queue/management_api.ts";
import { brokerList, RELEASES } from "../support/broker_list.ts";
import { eventually, within } from "../support/deadline.ts";
import {
  type Answer,
  type AskedBroker,
  askedRabbitMq,
  askedWorktool,
  requestManagement,
} from "../support/management.ts";
import { holds } from "../support/property.ts";
import { Worktool } from "../support/worktool.ts";

type Json = Record<string, unknown>;

function ask(broker: AskedBroker, path: string, login?: string): Promise<Answer> {
  return requestManagement(broker, ["GET", path], login === undefined ? {} : { login });
}

Deno.test("the management API tells who holds which delivery since when", async () => {
  await using broker = await askedWorktool();
  const { url } = broker;
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertQueue("held");
  for (const task of ["a", "b", "c"]) channel.sendToQueue("held", Buffer.from(task));
  await channel.prefetch(2);
  const { promise: both, resolve } = Promise.withResolvers<void>();
  let delivered = 0;
  await channel.consume("held", () => ++delivered === 2 && resolve(), { consumerTag: "mine" });
  await within(both, "two deliveries");

  const { body: queue } = await ask(broker, "queues/%2F/held");
  assert.deepEqual(
    [queue.messages, queue.messages_ready, queue.messages_unacknowledged, queue.consumers],
    [3, 1, 2, 1],
  );
  const { body: unacked } = await ask(broker, "queues/%2F/held/unacked");
  assert.deepEqual(unacked.map((one: Json) => [one["consumer_tag"], one["delivery_tag"]]), [
    ["mine", 1],
    ["mine", 2],
  ]);
  for (const { delivered_at: at, channel_details: holder } of unacked) {
    assert.ok(at > 0 && at <= Date.now());
    const { status, body } = await ask(broker, `channels/${encodeURIComponent(holder.name)}`);
    assert.deepEqual([status, body.messages_unacknowledged], [200, 2]);
  }
  assert.deepEqual((await ask(broker, "queues?columns=name,messages_ready")).body, [
    { name: "held", messages_ready: 1 },
  ]);
  const { body: overview } = await ask(broker, "overview");
  const { queue_totals: totals } = overview;
  assert.deepEqual(
    [totals.messages, totals.messages_ready, totals.messages_unacknowledged],
    [3, 1, 2],
  );
  await connection.close();
});

Deno.test("worktool queue asks the embedded broker too", async () => {
  await using broker = await askedWorktool();
  const { url } = broker;
  await using worker = Worktool.start(
    ["work", "--url", url, "--queue", "held", "--ack", "never", "--prefetch", "2"],
  );
  await worker.line(/Waiting for messages/);
  await Worktool.run(["send", "--url", url, "--queue", "held", "--count", "3", "task {n}"]);
  await worker.printed(2, /Received/);
  const asked = ["--url", url, "--management-url", broker.management];
  const held = ["--assert", "ready == 1 && unacked == 2 && consumers == 1"];
  const { code, stderr } = await Worktool.run(["queue", "show", "held", ...asked, ...held]);
  assert.equal(code, 0, stderr);
  const shown = await Worktool.run(["queue", "show", "held", ...asked]);
  assert.match(shown.stdout, /^consumer .*, prefetch 2, holds 2, the oldest for .*, /m);
  const told = await Worktool.run(["queue", "show", "held", ...asked, "--json"]);
  const [consumer] = JSON.parse(told.stdout).consumerDetails;
  assert.equal(consumer.held, 2);
  assert.ok(Date.parse(consumer.heldSince) <= Date.now());
  const columns = ["--columns", "name,ready,unacked,durable"];
  const { stdout } = await Worktool.run(["queue", "ls", ...asked, ...columns]);
  assert.equal(stdout, "held\t1\t2\ttrue\n");
  worker.kill("SIGTERM");
  await worker.exited;
});

Deno.test("no data without credentials, a tag and the right Host", async () => {
  const users = ["--user", "plain:p", "--user", "watcher:p", "--user-tags", "watcher:management"];
  await using broker = await askedWorktool(...users, "--user", "guest:guest");
  const refused: [path: string, login: string, error: string, reason: string][] = [
    ["overview", "guest:wrong", "not_authorized", "Login failed"],
    ["overview", "nobody:p", "not_authorized", "Login failed"],
    ["overview", "plain:p", "not_authorized", "Not management user"],
    ["users", "watcher:p", "not_authorised", "Not administrator user"],
    ["nodes", "watcher:p", "not_authorised", "Not monitor user"],
  ];
  for (const [path, login, error, reason] of refused) {
    const { status, body } = await ask(broker, path, login);
    assert.deepEqual([status, body], [401, { error, reason }], login);
  }
  assert.equal((await ask(broker, "whoami", "watcher:p")).body.name, "watcher");
  const bare = await fetch(`${broker.management}api/queues`);
  assert.equal(bare.status, 401);
  assert.equal(bare.headers.get("access-control-allow-origin"), null);
  await bare.body?.cancel();
  const answer = await exchange(
    broker.management,
    "GET /api/queues HTTP/1.1\r\nHost: evil.example\r\n\r\n",
  );
  assert.match(answer, /^HTTP\/1\.1 421 /);
  assert.deepEqual(await ask(broker, "nothing", "watcher:p"), {
    status: 404,
    body: { error: "Object Not Found", reason: "Not Found" },
  });
  assert.equal(
    (await requestManagement(broker, ["PATCH", "whoami"], { login: "watcher:p" })).status,
    405,
  );
});

Deno.test("any bytes give an HTTP answer or a close, and the broker serves on", async () => {
  await using broker = await askedWorktool();
  const piece = fc.constantFrom(
    ...[
      "GET ",
      "POST ",
      "/api/overview",
      " HTTP/1.1",
      "\r\n",
      "\r\n\r\n",
      "Host: localhost",
      "%",
      ":",
    ],
    ...[
      "Content-Length: 5",
      "Content-Length: 99999999",
      "Transfer-Encoding: chunked",
      "?columns=",
      "\0",
    ],
  );
  const bytes = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(""))),
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.constant(Buffer.alloc(100_000, "x")),
  );
  await holds(fc.asyncProperty(bytes, async (bytes) => {
    const answer = await exchange(broker.management, bytes);
    assert.ok(answer === "" || answer.startsWith("HTTP/1.1 "), answer);
  }));
  assert.equal((await ask(broker, "overview")).status, 200);
});

/** What is answered until the broker closes, or has read the end. */
async function exchange(base: string, bytes: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(base);
  const socket = connectSocket(Number(port), hostname);
  let answer = "";
  socket.on("data", (chunk) => answer += chunk.toString("latin1"));
  socket.on("error", () => {}); // a reset is a close
  await within(once(socket, "connect"), "a connection");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.end(bytes);
  await within(closed, "the end of the connection");
  return answer;
}

Deno.test("where its port is taken, the broker says so and goes on without", async () => {
  using taken = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = taken.addr as Deno.NetAddr;
  await using broker = Worktool.start(
    ["broker", "--port", "0", "--memory", "--http", `${port}`],
  );
  const url = await broker.line(/^amqp:/);
  await broker.line(/^no management HTTP API at http:\/\/127\.0\.0\.1:\d+\/: EADDRINUSE\. Choose/);
  assert.equal((await Worktool.run(["send", "--url", url, "task"])).code, 0);
});

/** What is compared with RabbitMQ: each path with a first object of its kind. */
const COMPARED = [
  "whoami",
  "vhosts/%2F",
  "permissions/%2F/guest",
  "exchanges/%2F/amq.topic",
  "exchanges/%2F/amq.default",
  "queues/%2F/compared",
  "queues/%2F/compared/bindings",
  "bindings/%2F",
  "connections",
  "channels",
  "consumers",
  "health/checks/local-alarms",
  "health/checks/virtual-hosts",
  "nodes",
  "overview",
  "cluster-name",
  "queues/%2F/missing",
  "queues/missing",
];
/** Their values are a broker's own. */
const OWN = new Set(
  ("node name cluster_state connection_name port peer_port connected_at product_name product_version cluster_name " +
    "management_version rabbitmq_version mem_limit mem_used os_pid uptime exchanges object_totals " +
    "memory rate recv_cnt recv_oct send_cnt send_oct connection_closed")
    .split(" "),
);

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`the management API's fields are RabbitMQ's [${name}]`, async () => {
    await using node = await askedRabbitMq(scripts);
    const like = RELEASES.find((release) => name.includes(release)) ?? "4.3";
    await using broker = await askedWorktool("--like", like);
    const own = await lookAt(broker);
    const theirs = await lookAt(node);
    const differing = COMPARED.flatMap((path) =>
      differences(path, own.get(path), theirs.get(path))
    );
    assert.deepEqual(differing, []);
  });
}

/** Makes a connection with a consumer on either broker and asks for everything. */
async function lookAt(broker: AskedBroker): Promise<Map<string, unknown>> {
  const connection = await connect(broker.url, {
    clientProperties: { connection_name: "compared" },
  });
  const channel = await connection.createChannel();
  await channel.assertQueue("compared", { arguments: { "x-message-ttl": 60_000 } });
  channel.sendToQueue("compared", Buffer.from("task"));
  await channel.prefetch(3);
  await channel.consume("compared", () => {}, { consumerTag: "compared" });
  const seen = new Map<string, unknown>();
  for (const path of COMPARED) seen.set(path, await settled(broker, path));
  await connection.close();
  return seen;
}

/** By what an object is told whole: RabbitMQ adds it with its statistics. */
const COMES_LAST: Record<string, (object: Json) => unknown> = {
  "vhosts/%2F": delivered,
  "queues/%2F/compared": (queue) => delivered(queue) && consumerCount(queue) > 0,
  "exchanges/%2F/amq.default": ({ message_stats: stats }) => stats,
  "connections": ({ channels }) => channels,
  "channels": delivered,
  "consumers": ({ consumer_tag: tag }) => tag,
  "overview": (overview) =>
    delivered(overview) && totals(overview)["messages_unacknowledged"] === 1,
};

function delivered({ message_stats: stats }: Json): boolean {
  const { deliver, publish } = (stats ?? {}) as Json;
  return deliver === 1 && publish === 1;
}

function consumerCount({ consumer_details: consumers }: Json): number {
  return (consumers as Json[] | undefined)?.length ?? 0;
}

function totals({ queue_totals: totals }: Json): Json {
  return totals as Json;
}

async function settled(broker: AskedBroker, path: string): Promise<unknown> {
  let answer = await ask(broker, path);
  const isWhole = COMES_LAST[path];
  if (isWhole === undefined) return answer;
  await eventually(`${path} is told whole`, async () => {
    answer = await ask(broker, path);
    const object = Array.isArray(answer.body) ? answer.body[0] : answer.body;
    return object !== undefined && Boolean(isWhole(object));
  });
  return answer;
}

/** Where a field of the embedded broker is not RabbitMQ's; one that it does not tell is none. */
function differences(path: string, own: unknown, theirs: unknown): string[] {
  if (Array.isArray(own) && Array.isArray(theirs)) {
    return own.length === 0 ? [] : differences(`${path}[0]`, own[0], theirs[0]);
  }
  if (isObject(own) && isObject(theirs)) {
    return Object.entries(own).flatMap(([name, value]) => {
      if (!(name in theirs)) return [`${path}.${name} is unknown`];
      const other = theirs[name];
      if (OWN.has(name)) {
        return kind(value) === kind(other) ? [] : [`${path}.${name} is ${kind(other)}`];
      }
      return differences(`${path}.${name}`, value, other);
    });
  }
  if (Object.is(own, theirs)) return [];
  return [`${path}: ${JSON.stringify(own)} instead of ${JSON.stringify(theirs)}`];
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function kind(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value;
}

Deno.test("a management API that was guessed must be that of the broker", async () => {
  await using broker = await askedWorktool();
  const address = {
    url: broker.management.replace(/\/$/, ""),
    username: "guest",
    password: "guest",
    timeoutMs: 10_000,
  };
  const amqpPort = Number(new URL(broker.url).port);
  assert.deepEqual(await new ManagementApi({ ...address, amqpPort }).queues("/"), []);
  await assert.rejects(
    new ManagementApi({ ...address, amqpPort: 1 }).queues("/"),
    /is another broker's: it does not listen on port 1 /,
  );
});

Deno.test("a password in a --user that cannot be read is not repeated", async () => {
  const { code, stdout, stderr } = await Worktool.run(["broker", "--user", "ci:se/c@r:t"]);
  assert.deepEqual([code, stdout], [64, ""]);
  assert.equal(
    stderr,
    "worktool: --user: Write name:password, or name:password:configure:write:read.\n",
  );
});
