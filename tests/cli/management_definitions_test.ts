// deno-lint-ignore-file camelcase -- RabbitMQ's names
/** What RabbitMQ has exported goes into `worktool broker`, and comes out again. */
import assert from "node:assert/strict";
import { connect } from "amqplib";
import { brokerList, RELEASES } from "../support/broker_list.ts";
import {
  type AskedBroker,
  askedRabbitMq,
  askedWorktool,
  requestManagement,
} from "../support/management.ts";
import { Worktool } from "../support/worktool.ts";

type Json = Record<string, unknown>;
type Asked = Pick<AskedBroker, "management">;

const VHOST = "v 1/b";
const V = encodeURIComponent(VHOST);

async function ask(broker: Asked, method: string, path: string, body?: unknown, login?: string) {
  const options = { ...(body ? { body } : {}), ...(login ? { login } : {}) };
  return await requestManagement(broker, [method, path], options);
}

/** Defines something of everything; what a broker cannot do stays away. */
async function define(broker: AskedBroker): Promise<void> {
  const all = { configure: ".*", write: ".*", read: ".*" };
  const steps: [path: string, body: unknown][] = [
    [`vhosts/${V}`, { description: "exported", tags: "a,b" }],
    ["users/u1", { password: "secret", tags: "management,monitoring" }],
    ["users/u2", { password_hash: "", tags: "" }],
    [`permissions/${V}/u1`, all],
    ["permissions/%2F/u1", { configure: "^u1", write: "", read: "^x" }],
    [`policies/${V}/long`, {
      pattern: "^q",
      definition: { "max-length": 3, "dead-letter-exchange": "e" },
      priority: 3,
      "apply-to": "queues",
    }],
    ["policies/%2F/everything", { pattern: "ä", definition: { expires: 3_600_000 } }],
    ["global-parameters/gp", { value: { a: [1, "b"] } }],
  ];
  for (const [path, body] of steps) {
    const { status, body: told } = await ask(broker, "PUT", path, body);
    assert.equal(status, 201, `${path}: ${JSON.stringify(told)}`);
  }
  const connection = await connect(`${broker.url}${V}`);
  const channel = await connection.createChannel();
  await channel.assertExchange("e", "topic", { alternateExchange: "amq.fanout" });
  await channel.assertExchange("inner", "headers", { internal: false, durable: true });
  await channel.assertQueue("q", { arguments: { "x-message-ttl": 60_000, "x-note": "ä" } });
  await channel.assertQueue("quorum", { arguments: { "x-queue-type": "quorum" } });
  await channel.bindQueue("q", "e", "a.*.b", { x: 1, y: true });
  await channel.bindExchange("inner", "e", "to.inner");
  await connection.close();
}

/** Lists without an order, and without what each broker has of its own. */
function comparable(exported: Json): Json {
  const lists = Object.entries(exported).filter(([, value]) => Array.isArray(value));
  return Object.fromEntries(lists.map(([name, list]) => {
    const objects = (list as Json[]).filter(({ name }) => !/^amq\./.test(`${name}`));
    const texts = objects.map((one) => JSON.stringify(Object.entries(one).sort()));
    return [name, texts.sort()];
  }));
}

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`an export comes out as it went in [${name}]`, async () => {
    const like = RELEASES.find((release) => name.includes(release)) ?? "4.3";
    const file = await Deno.makeTempFile({ suffix: ".json" });
    try {
      await using node = await askedRabbitMq(scripts);
      await define(node);
      const { body: theirs } = await ask(node, "GET", "definitions");
      await Deno.writeTextFile(file, JSON.stringify(theirs));

      // At the start; its users are there with their passwords.
      await using started = await askedWorktool("--like", like, "--definitions", file);
      const { body: ours } = await ask(started, "GET", "definitions");
      assert.deepEqual(comparable(ours), comparable(theirs));
      const whoami = await ask(started, "GET", "whoami", undefined, "u1:secret");
      assert.deepEqual(whoami.body.tags, ["management", "monitoring"]);
      await (await connect(`${started.url.replace("guest:guest", "u1:secret")}${V}`)).close();

      // While it runs, in one virtual host, and back into RabbitMQ.
      const { body: one } = await ask(node, "GET", `definitions/${V}`);
      await using running = await askedWorktool("--like", like);
      await ask(running, "PUT", "vhosts/copy", {});
      assert.deepEqual(await ask(running, "POST", "definitions/copy", one), {
        status: 204,
        body: undefined,
      });
      const { body: copy } = await ask(running, "GET", "definitions/copy");
      assert.deepEqual(withoutVHosts(copy), withoutVHosts(one));
      await ask(node, "DELETE", `vhosts/${V}`);
      const importing = await ask(node, "POST", "definitions", ours);
      assert.equal(importing.status, 204, JSON.stringify(importing.body));
      const { body: again } = await ask(node, "GET", "definitions");
      assert.deepEqual(comparable(again), comparable(theirs));
    } finally {
      await Deno.remove(file);
    }
  });
}

/** RabbitMQ 3.10 names the virtual host in policies alone. */
function withoutVHosts(exported: Json): Json {
  return comparable(
    JSON.parse(JSON.stringify(exported, (key, value) => key === "vhost" ? undefined : value)),
  );
}

Deno.test("what the broker cannot do is said, and the rest is imported", async () => {
  await using broker = await askedWorktool();
  const definitions = {
    queues: [
      {
        name: "s",
        vhost: "/",
        durable: true,
        auto_delete: false,
        arguments: { "x-queue-type": "stream" },
      },
      { name: "q", vhost: "/", durable: true, auto_delete: false, arguments: {} },
    ],
    exchanges: [{ name: "d", vhost: "/", type: "x-delayed-message", durable: true }],
    bindings: [{
      source: "d",
      vhost: "/",
      destination: "q",
      destination_type: "queue",
      routing_key: "",
      arguments: {},
    }],
    policies: [
      { vhost: "/", name: "ha", pattern: "", definition: { "ha-mode": "all" } },
      {
        vhost: "/",
        name: "p",
        pattern: "q",
        definition: { "max-length": 1, "queue-mode": "lazy" },
      },
    ],
    parameters: [{ vhost: "/", component: "shovel", name: "s", value: {} }],
    topic_permissions: [{ user: "guest", vhost: "/", exchange: "e", write: "", read: "" }],
  };
  const { status, body } = await ask(broker, "POST", "definitions", definitions);
  assert.equal(status, 200);
  assert.deepEqual(body.not_imported.map(({ place }: Json) => place), [
    "topic_permissions[0]",
    "parameters[0]",
    "policies[0]",
    "policies[1]",
    "exchanges[0]",
    "queues[0]",
    "bindings[0]",
  ]);
  const { body: queues } = await ask(broker, "GET", "queues?columns=name,policy");
  assert.deepEqual(queues, [{ name: "q", policy: "p" }]);
});

/** What is wrong with a file, and how it is told. */
const BAD: [text: string, message: string][] = [
  ['{"queues": [\n  {"name": "q",}\n]}', "line 2, column 16: is no JSON"],
  ["", "line 1, column 1: is no JSON"],
  ["[]", 'definitions: expected an object with lists such as "queues"'],
  ['{"queues": {}}', "queues: expected a list"],
  ['{"queues": [{"name": "q"}]}', "queues[0].vhost: is missing"],
  ['{"queues": [{"name": "q", "vhost": "/", "durable": "x"}]}', "queues[0].durable: expected"],
  ['{"queues": [{"name": "q", "vhost": "v"}]}', 'queues[0].vhost: there is no virtual host "v"'],
  ['{"users": [{"name": "u", "password_hash": "!!"}]}', "users[0]: not_base64"],
  ['{"permissions": [{"user": "u", "vhost": "/"}]}', 'permissions[0].user: there is no user "u"'],
  [
    '{"policies": [{"vhost": "/", "name": "p", "pattern": "*", "definition": {"expires": 1}}]}',
    "policies[0].definition: pattern should be regular expression",
  ],
  [
    '{"queues": [{"name": "q", "vhost": "/", "durable": true, "arguments": {"x-expires": "x"}}]}',
    "queues[0]: invalid arg 'x-expires' for queue 'q' in vhost '/'",
  ],
];

Deno.test("a file that cannot be imported stops the start, with its place", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    for (const [text, message] of BAD) {
      await Deno.writeTextFile(file, text);
      const flags = ["--port", "0", "--no-http", "--memory", "--definitions", file];
      const { code, stdout, stderr } = await Worktool.run(["broker", ...flags]);
      assert.deepEqual([code, stdout], [64, ""], text);
      assert.ok(stderr.startsWith(`worktool: --definitions ${file}: ${message}`), stderr);
    }
  } finally {
    await Deno.remove(file);
  }
});
