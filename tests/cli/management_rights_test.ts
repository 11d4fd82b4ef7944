/** Users, virtual hosts, permissions and policies are changed while a broker runs. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "amqplib";
import { brokerList, RELEASES } from "../support/broker_list.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { within } from "../support/deadline.ts";
import {
  type AskedBroker,
  askedRabbitMq,
  askedWorktool,
  requestManagement,
} from "../support/management.ts";

type Step = readonly [method: string, path: string, body?: unknown, login?: string];

const ALL = { configure: ".*", write: ".*", read: ".*" };
/** Of the password test12, as RabbitMQ's documentation has it. */
const HASH = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";
const POLICY = { pattern: "^a", definition: { "message-ttl": 1000 } };

const GET = { count: 1, ackmode: "ack_requeue_true", encoding: "auto" };
const MESSAGE = {
  ...{ properties: {}, routing_key: "y", payload: "x", payload_encoding: "string" },
};

/** What is asked of all brokers, in this order. */
const STEPS: readonly Step[] = [
  ["PUT", "vhosts/v1", { description: "first", tags: "a,b" }],
  ["PUT", "vhosts/v1", { description: "second" }],
  ["GET", "vhosts/v1"],
  ["GET", "vhosts/v1/permissions"],
  ["PUT", "users/u1", { password: "p", tags: "management" }],
  ["PUT", "users/u1", { password: "p", tags: ["management", "policymaker"] }],
  ["PUT", "users/u2", { password_hash: HASH, tags: "administrator" }],
  ["GET", "users/u2"],
  ["GET", "users/u2", undefined, "u2:test12"],
  ["PUT", "users/u3", { password_hash: "", tags: "x, y" }],
  ["GET", "users/u3"],
  ["GET", "users/without-permissions?columns=name"],
  ["PUT", "users/u4", { password: "p" }],
  ["PUT", "users/u4", { password: "p", password_hash: HASH, tags: "" }],
  ["PUT", "users/u4", { password_hash: "!!", tags: "" }],
  ["PUT", "permissions/v1/u1", { configure: ".*", write: "", read: "^x" }],
  ["PUT", "permissions/v1/u1", { configure: ".*", write: "", read: "^y" }],
  ["GET", "permissions/v1/u1"],
  ["GET", "users/u1/permissions"],
  ["PUT", "permissions/v1/u1", { configure: ".*", write: "" }],
  ["PUT", "permissions/nowhere/u1", ALL],
  ["PUT", "permissions/v1/nobody", ALL],
  // Rights that are missing: in a virtual host,
  ["PUT", "queues/v1/y", { durable: true }, "u1:p"],
  ["POST", "queues/v1/y/get", GET, "u1:p"],
  ["PUT", "queues/v1/z", { durable: true }, "u1:p"],
  ["POST", "queues/v1/z/get", GET, "u1:p"],
  ["DELETE", "queues/v1/z/contents", undefined, "u1:p"],
  ["POST", "exchanges/v1/amq.default/publish", MESSAGE, "u1:p"],
  ["POST", "bindings/v1/e/amq.topic/q/y", {}, "u1:p"],
  ["PUT", "permissions/v1/u1", { configure: "^c", write: ".*", read: "^y" }],
  ["PUT", "queues/v1/y2", { durable: true }, "u1:p"],
  ["DELETE", "queues/v1/y", undefined, "u1:p"],
  ["PUT", "exchanges/v1/e", { type: "fanout" }, "u1:p"],
  ["DELETE", "exchanges/v1/amq.topic", undefined, "u1:p"],
  ["POST", "bindings/v1/e/amq.topic/q/y", {}, "u1:p"],
  ["GET", "queues/%2F", undefined, "u1:p"],
  ["PUT", "queues/%2F/y", {}, "u1:p"],
  ["GET", "queues?columns=name,vhost", undefined, "u1:p"],
  ["GET", "exchanges/v1/amq.topic?columns=name", undefined, "u1:p"],
  ["DELETE", "queues/v1/y"],
  ["DELETE", "queues/v1/z"],
  // and as a whole.
  ["PUT", "users/u5", { password: "p", tags: "" }, "u1:p"],
  ["PUT", "vhosts/v2", {}, "u1:p"],
  ["DELETE", "users/u2", undefined, "u1:p"],
  ["GET", "users", undefined, "u1:p"],
  ["GET", "nodes", undefined, "u1:p"],
  ["GET", "definitions", undefined, "u1:p"],
  ["GET", "vhosts/v1", undefined, "u1:p"],
  // Policies: a policymaker may make them where it may go.
  ["PUT", "policies/v1/p1", POLICY, "u1:p"],
  ["PUT", "policies/v1/p1", { ...POLICY, priority: 2, "apply-to": "queues" }, "u1:p"],
  ["GET", "policies/v1/p1"],
  ["GET", "policies/v1", undefined, "u1:p"],
  ["GET", "policies"],
  ["PUT", "users/u1", { password: "p", tags: "management" }],
  ["PUT", "policies/v1/p2", POLICY, "u1:p"],
  ["GET", "policies/v1/p1", undefined, "u1:p"],
  ["PUT", "policies/nowhere/p1", POLICY],
  ["PUT", "policies/v1/p2", { pattern: "a" }],
  ["PUT", "policies/v1/p2", { definition: {} }],
  ["PUT", "policies/v1/p2", { pattern: "a", definition: {} }],
  ["PUT", "policies/v1/p2", { pattern: "a", definition: { "max-length": -1 } }],
  ["PUT", "policies/v1/p2", { pattern: "a", definition: { expires: 0 } }],
  ["PUT", "policies/v1/p2", { ...POLICY, "apply-to": "foo" }],
  ["PUT", "policies/v1/p2", { ...POLICY, pattern: 5 }],
  ["GET", "policies/v1/p2"],
  ["DELETE", "policies/v1/p1"],
  ["DELETE", "policies/v1/p1"],
  // Parameters, and lists that are empty.
  ["PUT", "global-parameters/gp", { value: { a: 1 } }],
  ["GET", "global-parameters/gp"],
  ["PUT", "global-parameters/gp", {}],
  ["DELETE", "global-parameters/gp"],
  ["DELETE", "global-parameters/gp"],
  ["GET", "parameters"],
  ["GET", "topic-permissions"],
  ["GET", "vhost-limits"],
  // And away.
  ["DELETE", "permissions/v1/u1"],
  ["DELETE", "permissions/v1/u1"],
  ["DELETE", "users/u1"],
  ["DELETE", "users/u1"],
  ["POST", "users/bulk-delete", {}],
  ["POST", "users/bulk-delete", { users: ["u2", "nobody"] }],
  ["DELETE", "vhosts/v1"],
  ["DELETE", "vhosts/v1"],
  ["GET", "users?columns=name"],
];

async function answers(broker: AskedBroker): Promise<unknown[]> {
  const seen = [];
  for (const [method, path, body, login] of STEPS) {
    const options = { ...(body ? { body } : {}), ...(login ? { login } : {}) };
    const answer = await requestManagement(broker, [method, path], options);
    seen.push({ asked: `${method} ${path} ${JSON.stringify(body) ?? ""}`, ...plain(answer) });
  }
  return seen;
}

/** Without what is a broker's own. */
function plain({ status, body }: { status: number; body: Record<string, unknown> }) {
  const told = JSON.parse(JSON.stringify(body ?? null));
  if (told?.cluster_state) {
    for (const [name] of Object.entries(told)) {
      if (OF_VHOSTS.test(name)) delete told[name];
    }
  }
  return { status, body: told };
}

/** Figures, which RabbitMQ tells later, and what has the node's name in it. */
const OF_VHOSTS = /^messages|^message_stats|_oct|_details$|^cluster_state$|^protected_from/;

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`rights are changed with RabbitMQ's answers [${name}]`, async () => {
    await using node = await askedRabbitMq(scripts);
    const like = RELEASES.find((release) => name.includes(release)) ?? "4.3";
    await using broker = await askedWorktool("--like", like);
    assert.deepEqual(await answers(broker), await answers(node));
  });
}

Deno.test("who is deleted, or whose virtual host is, loses its connections", async () => {
  await using broker = await askedWorktool();
  const ask = (method: string, path: string, body?: unknown) =>
    requestManagement(broker, [method, path], { body });
  await ask("PUT", "vhosts/v1", {});
  await ask("PUT", "users/u1", { password: "p", tags: "" });
  await ask("PUT", "permissions/v1/u1", ALL);
  await ask("PUT", "permissions/%2F/u1", ALL);
  const url = broker.url.replace("guest:guest", "u1:p");
  for (
    const [vhost, path, reason] of [
      ["v1", "vhosts/v1", "vhost 'v1' is down"],
      ["%2F", "users/u1", "user 'u1' is deleted"],
    ] as const
  ) {
    const connection = await connect(`${url}${vhost}`);
    const closed = once(connection, "close");
    assert.equal((await ask("DELETE", path)).status, 204);
    const [error] = await within(closed, "the end of the connection");
    assert.match(`${error}`, new RegExp(`320 .*CONNECTION_FORCED - ${reason}`));
  }
  await assert.rejects(connect(`${url}%2F`), /ACCESS_REFUSED/);
  await assert.rejects(connect(`${broker.url}v1`), /./);
});

Deno.test("a permission holds in its virtual host, and for who is connected already", async () => {
  await using broker = await askedWorktool();
  const ask = (method: string, path: string, body?: unknown) =>
    requestManagement(broker, [method, path], { body });
  await ask("PUT", "vhosts/v1", {});
  await ask("PUT", "users/u1", { password: "p", tags: "" });
  await ask("PUT", "permissions/v1/u1", ALL);
  const url = broker.url.replace("guest:guest", "u1:p");
  await assert.rejects(connect(`${url}%2F`), /./);
  await ask("PUT", "permissions/%2F/u1", { configure: "^mine$", write: "", read: "" });
  for (const [vhost, mayDeclare] of [["v1", true], ["%2F", false]] as const) {
    const connection = await connect(`${url}${vhost}`);
    const channel = await connection.createChannel();
    channel.on("error", () => {});
    if (mayDeclare) await channel.assertQueue("other");
    else await assert.rejects(channel.assertQueue("other"), /ACCESS_REFUSED/);
    await connection.close();
  }
  const connection = await connect(`${url}v1`);
  const channel = await connection.createChannel();
  channel.on("error", () => {});
  await ask("PUT", "permissions/v1/u1", { configure: "", write: "", read: "" });
  await assert.rejects(channel.assertQueue("another"), /ACCESS_REFUSED/);
  await connection.close();
});

/** Starts a broker with a data directory. */
async function start(data: string, ...flags: string[]) {
  const broker = await BrokerProcess.start(data, ["--http", "0", ...flags]);
  return {
    url: broker.url,
    management: await broker.management(),
    stop: async () => {
      assert.equal((await broker.stop()).code, 0);
    },
    crash: async () => {
      broker.kill();
      await broker.exited;
    },
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

/** All that is kept, as it is exported. */
async function exported(broker: Pick<AskedBroker, "management">, login: string) {
  return (await requestManagement(broker, ["GET", "definitions"], { login })).body;
}

Deno.test("what was changed is there after a restart and a crash, passwords only hashed", async () => {
  const data = await Deno.makeTempDir();
  try {
    const login = "admin:hidden-word";
    let before: unknown;
    {
      await using broker = await start(data);
      const ask = (method: string, path: string, body?: unknown, login?: string) =>
        requestManagement(broker, [method, path], { body, ...(login ? { login } : {}) });
      await ask("PUT", "users/admin", { password: "hidden-word", tags: "administrator" });
      await ask("PUT", "vhosts/v1", { description: "kept" }, login);
      await ask("PUT", "vhosts/gone", {}, login);
      await ask("PUT", "policies/v1/p1", POLICY, login);
      await ask("PUT", "global-parameters/gp", { value: { a: 1 } }, login);
      await ask("DELETE", "vhosts/gone", undefined, login);
      await ask("DELETE", "users/guest", undefined, login);
      before = await exported(broker, login);
      await broker.crash();
    }
    for (const _ of ["after a crash", "after a stop"]) {
      await using broker = await start(data);
      assert.deepEqual(await exported(broker, login), before);
      const guest = await requestManagement(broker, ["GET", "whoami"]);
      assert.equal(guest.status, 401, "guest was deleted");
      await broker.stop();
    }
    for await (const { name } of Deno.readDir(data)) {
      assert.equal((await Deno.stat(`${data}/${name}`)).mode! & 0o777, 0o600, name);
      const bytes = new TextDecoder("latin1").decode(await Deno.readFile(`${data}/${name}`));
      assert.ok(!bytes.includes("hidden-word"), name);
    }
    {
      await using broker = await start(
        data,
        "--user",
        "admin:other",
        "--user-tags",
        "admin:administrator",
      );
      assert.equal((await requestManagement(broker, ["GET", "whoami"], { login })).status, 401);
      await exported(broker, "admin:other");
      await broker.stop();
    }
    await using broker = await start(data);
    assert.deepEqual(
      await exported(broker, login),
      before,
      "without the flag it is as it was left",
    );
    await broker.stop();
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("what was in a deleted virtual host is gone after a crash, too", async () => {
  const data = await Deno.makeTempDir();
  try {
    {
      await using broker = await start(data);
      await requestManagement(broker, ["PUT", "vhosts/v1"], { body: {} });
      const connection = await connect(`${broker.url}v1`);
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue("q");
      for (let n = 0; n < 100; n++) {
        channel.sendToQueue("q", Buffer.from(`${n}`), { persistent: true });
      }
      await channel.waitForConfirms();
      const closed = once(connection, "close");
      await requestManagement(broker, ["DELETE", "vhosts/v1"]);
      await within(closed, "the end of the connection");
      await broker.crash();
    }
    await using broker = await start(data);
    const { body: vhosts } = await requestManagement(broker, ["GET", "vhosts?columns=name"]);
    assert.deepEqual(vhosts, [{ name: "/" }]);
    await requestManagement(broker, ["PUT", "vhosts/v1"], { body: {} });
    assert.deepEqual((await requestManagement(broker, ["GET", "queues"])).body, []);
    await broker.stop();
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("what docs/broker.md says to type makes a user with a permission", async () => {
  const docs = await Deno.readTextFile(new URL("../../docs/broker.md", import.meta.url));
  const [, block] = /### Users, virtual hosts and permissions\n\n```\n(.*?)```/s.exec(docs)!;
  await using broker = await askedWorktool();
  const script = block!.replace("http://127.0.0.1:15672/", broker.management);
  const { success } = await new Deno.Command("sh", { args: ["-euc", script] }).output();
  assert.ok(success);
  const { body } = await requestManagement(broker, ["GET", "users/ana/permissions"]);
  assert.deepEqual(body, [{ user: "ana", vhost: "ci", configure: "", write: ".*", read: ".*" }]);
});
