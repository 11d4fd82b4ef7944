/** What is changed by HTTP: the same requests to `worktool broker` and to RabbitMQ. */
import assert from "node:assert/strict";
import { brokerList } from "../support/broker_list.ts";
import { type AskedBroker, askedRabbitMq, askedWorktool } from "../support/management.ts";

/** A request and what comes back: status, and body or what is told of it. */
type Exchange = readonly [request: string, body: unknown, status: number, answer?: unknown];

function refused(error: string, reason: unknown) {
  return { error, reason };
}

const MISSING = refused("Object Not Found", "Not Found");
const NOT_YOURS = refused("not_authorised", "Access refused.");

const QUEUES: readonly Exchange[] = [
  ["PUT queues/%2F/a", { durable: true }, 201],
  ["PUT queues/%2F/a", { durable: "true", auto_delete: "false" }, 204],
  ["PUT queues/%2F/a", { durable: "yes" }, 400, refused("bad_request", ["not_boolean", "yes"])],
  [
    "PUT queues/%2F/a",
    { durable: false },
    400,
    refused(
      "bad_request",
      "inequivalent arg 'durable' for queue 'a' in vhost '/': received 'false' but current is 'true'",
    ),
  ],
  [
    "PUT queues/%2F/b",
    { durable: true, arguments: { "x-message-ttl": "x" } },
    400,
    refused(
      "bad_request",
      "invalid arg 'x-message-ttl' for queue 'b' in vhost '/': \"expected integer, got longstr\"",
    ),
  ],
  ["PUT queues/%2F/b", [1], 400, refused("bad_request", "not_json")],
  ["PUT queues/%2F/b", "{", 400, refused("bad_request", "not_json")],
  ["PUT queues/%2F/b", { arguments: { x: null } }, 400, refused("bad_request", "null_not_allowed")],
  ["PUT queues/%2F/amq.b", {}, 401, NOT_YOURS],
  ["PUT queues/nowhere/b", {}, 404, refused("not_found", "vhost_not_found")],
  ["PUT queues/%2F/b", { durable: true, arguments: { "x-max-length": 3 } }, 201],
  ["GET queues/%2F/b?columns=arguments,durable,auto_delete", undefined, 200, {
    arguments: { "x-max-length": 3 },
    durable: true,
    auto_delete: false,
  }],
  ["DELETE queues/%2F/b?if-unused=true&if-empty=true", undefined, 204],
  ["DELETE queues/%2F/never", undefined, 404, MISSING],
  ["DELETE queues/nowhere/b", undefined, 404, MISSING],
  ["PATCH queues/%2F/a", {}, 405, "HEAD, GET, PUT, DELETE, OPTIONS"],
  ["POST queues", {}, 405, "HEAD, GET, OPTIONS"],
  ["OPTIONS queues/%2F/a", undefined, 200, "HEAD, GET, PUT, DELETE, OPTIONS"],
  ["DELETE queues/%2F/a", undefined, 204],
];

async function transcript(
  broker: AskedBroker,
  exchanges: readonly Exchange[],
): Promise<Exchange[]> {
  const seen: Exchange[] = [];
  for (const [request, body] of exchanges) {
    const [method, path] = request.split(" ");
    const answer = await fetch(`${broker.management}api/${path}`, {
      method: method!,
      headers: { authorization: `Basic ${btoa("guest:guest")}` },
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    const told = text !== ""
      ? without(JSON.parse(text))
      : method === "OPTIONS" || answer.status === 405
      ? answer.headers.get("allow")
      : undefined;
    const answered = [request, body, answer.status] as const;
    seen.push(told === undefined ? answered : [...answered, told]);
  }
  return seen;
}

/** RabbitMQ 4 tells the type of a queue among its arguments. */
function without(told: { arguments?: Record<string, unknown> }) {
  delete told.arguments?.["x-queue-type"];
  return told;
}

Deno.test("queues are made and deleted by HTTP [embedded]", async () => {
  await using broker = await askedWorktool();
  assert.deepEqual(await transcript(broker, QUEUES), QUEUES);
});

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`queues are made and deleted by HTTP [${name}]`, async () => {
    await using broker = await askedRabbitMq(scripts);
    assert.deepEqual(await transcript(broker, QUEUES), QUEUES);
  });
}
