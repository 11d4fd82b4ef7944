/** What is changed by HTTP: the same requests to `worktool broker` and to RabbitMQ. */
// deno-lint-ignore-file camelcase -- the names of JSON
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
  ["DELETE queues/%2F/b?if-unused=true", undefined, 204],
  ["DELETE queues/%2F/never", undefined, 404, MISSING],
  ["DELETE queues/nowhere/b", undefined, 404, MISSING],
  ["PATCH queues/%2F/a", {}, 405, "HEAD, GET, PUT, DELETE, OPTIONS"],
  ["POST queues", {}, 405, "HEAD, GET, OPTIONS"],
  ["OPTIONS queues/%2F/a", undefined, 200, "HEAD, GET, PUT, DELETE, OPTIONS"],
  ["DELETE queues/%2F/a", undefined, 204],
];

const BINDING = {
  source: "t",
  vhost: "/",
  destination: "q",
  destination_type: "queue",
  routing_key: "k/~ %",
  arguments: {},
  properties_key: "k%2F%7E+%25",
};

const EXCHANGES: readonly Exchange[] = [
  ["PUT exchanges/%2F/t", { type: "topic", durable: true }, 201],
  ["PUT exchanges/%2F/t", { type: "topic", durable: true }, 204],
  [
    "PUT exchanges/%2F/t",
    { durable: true },
    400,
    refused(
      "bad_request",
      "inequivalent arg 'type' for exchange 't' in vhost '/': received 'direct' but current is 'topic'",
    ),
  ],
  ["PUT exchanges/%2F/amq.new", { type: "direct" }, 401, NOT_YOURS],
  ["PUT exchanges/%2F/amq.default", { type: "direct" }, 401, NOT_YOURS],
  ["PUT queues/%2F/q", { durable: true }, 201],
  ["POST bindings/%2F/e/t/q/q", { routing_key: "k" }, 201, "q/k"],
  ["POST bindings/%2F/e/t/q/q", { routing_key: "k" }, 201, "q/k"],
  ["POST bindings/%2F/e/t/q/q", {}, 201, "q/~"],
  ["POST bindings/%2F/e/t/q/q", { routing_key: "k/~ %" }, 201, "q/k%252F%257E%2B%2525"],
  ["GET bindings/%2F/e/t/q/q/k%252F%257E%2B%2525", undefined, 200, BINDING],
  [
    "POST bindings/%2F/e/t/q/none",
    { routing_key: "k" },
    404,
    refused("not_found", "no queue 'none' in vhost '/'"),
  ],
  [
    "POST bindings/%2F/e/none/q/q",
    { routing_key: "k" },
    404,
    refused("not_found", "no exchange 'none' in vhost '/'"),
  ],
  ["POST bindings/%2F/e/amq.default/q/q", { routing_key: "k" }, 401, NOT_YOURS],
  ["POST bindings/%2F/e/t/e/amq.topic", { routing_key: "k" }, 201, "amq.topic/k"],
  ["GET bindings/%2F/e/t/e/amq.topic?columns=destination_type", undefined, 200, [
    { destination_type: "exchange" },
  ]],
  ["DELETE bindings/%2F/e/t/e/amq.topic/k", undefined, 204],
  ["DELETE bindings/%2F/e/t/q/q/k", undefined, 204],
  ["DELETE bindings/%2F/e/t/q/q/never", undefined, 404, MISSING],
  ["PATCH bindings/%2F/e/t/q/q/k", {}, 405, "HEAD, GET, DELETE, OPTIONS"],
  [
    "DELETE exchanges/%2F/t?if-unused=true",
    undefined,
    400,
    refused("bad_request", "exchange 't' in vhost '/' in use"),
  ],
  ["DELETE exchanges/%2F/t", undefined, 204],
  ["DELETE exchanges/%2F/never", undefined, 404, MISSING],
  ["DELETE exchanges/%2F/amq.topic", undefined, 401, NOT_YOURS],
];

const PLAIN = { properties: {}, routing_key: "m", payload_encoding: "string" };
const PROPERTIES = {
  content_type: "text/plain",
  correlation_id: "5",
  delivery_mode: 2,
  headers: { a: 1, b: 1.5, c: true, d: [1, "x"], e: { f: "g" } },
  priority: 3,
  timestamp: 12345,
};
const GOT = { exchange: "", routing_key: "m" };
const FIRST = {
  ...GOT,
  payload_bytes: 3,
  properties: PROPERTIES,
  payload: "hi",
  payload_encoding: "string",
};

const MESSAGES: readonly Exchange[] = [
  ["PUT queues/%2F/m", { durable: true }, 201],
  [
    "POST exchanges/%2F/amq.default/publish",
    {
      ...PLAIN,
      properties: { ...PROPERTIES, unknown: "ignored" },
      payload: "aGkh",
      payload_encoding: "base64",
    },
    200,
    { routed: true },
  ],
  ["POST exchanges/%2F/amq.default/publish", { ...PLAIN, payload: "second" }, 200, {
    routed: true,
  }],
  ["POST exchanges/%2F/amq.default/publish", { ...PLAIN, payload: "x", routing_key: "none" }, 200, {
    routed: false,
  }],
  [
    "POST exchanges/%2F/amq.default/publish",
    { ...PLAIN, payload: "x", payload_encoding: "utf9" },
    400,
    refused("bad_request", ["unsupported_encoding", "utf9"]),
  ],
  [
    "POST exchanges/%2F/amq.default/publish",
    { ...PLAIN, payload: "x", properties: { correlation_id: 5 } },
    400,
    refused("bad_request", ["not_string", "correlation_id"]),
  ],
  [
    "POST exchanges/%2F/amq.default/publish",
    { ...PLAIN, payload: "x", properties: { user_id: "other" } },
    400,
    refused(
      "bad_request",
      "406 PRECONDITION_FAILED - user_id property set to 'other' but authenticated user was 'guest'",
    ),
  ],
  [
    "POST queues/%2F/m/get",
    { count: 5, ackmode: "ack_requeue_true", encoding: "auto", truncate: 2 },
    200,
    [
      { ...FIRST, message_count: 1, redelivered: false },
      {
        ...GOT,
        payload_bytes: 6,
        properties: [],
        payload: "se",
        payload_encoding: "string",
        message_count: 0,
        redelivered: false,
      },
    ],
  ],
  [
    "POST queues/%2F/m/get",
    { count: 1, ackmode: "ack_requeue_false", encoding: "base64" },
    200,
    [{
      ...FIRST,
      payload: "aGkh",
      payload_encoding: "base64",
      message_count: 1,
      redelivered: true,
    }],
  ],
  [
    "POST queues/%2F/m/get",
    { count: 1, ackmode: "ack_requeue_false", encoding: "foo" },
    400,
    refused("bad_request", "Unsupported encoding. Please use auto or base64."),
  ],
  [
    "POST queues/%2F/m/get",
    { count: "x", ackmode: "ack_requeue_false", encoding: "auto" },
    400,
    refused("bad_request", ["not_integer", "x"]),
  ],
  [
    "DELETE queues/%2F/m?if-empty=true",
    undefined,
    400,
    refused("bad_request", "queue 'm' in vhost '/' not empty"),
  ],
  ["DELETE queues/%2F/m/contents", undefined, 204],
  ["POST queues/%2F/m/get", { count: 1, ackmode: "ack_requeue_false", encoding: "auto" }, 200, []],
  ["GET queues/%2F/m/contents", undefined, 405, "DELETE, OPTIONS"],
  ["DELETE queues/%2F/never/contents", undefined, 404, MISSING],
  ["DELETE connections/never", undefined, 404, MISSING],
  ["DELETE connections/username/nobody", undefined, 204],
];

function page(of: string[], page_count: number, filtered_count: number) {
  const items = of.map((name) => ({ name }));
  return { filtered_count, item_count: of.length, items, page: 1, page_count, page_size: 2 };
}

/** Their `total_count` is left out: brokers have different exchanges of their own. */
const PAGES: readonly Exchange[] = [
  [
    "GET exchanges?page=1&page_size=2&name=AMQ.T&sort=name&columns=name",
    undefined,
    200,
    page(["amq.topic"], 1, 1),
  ],
  [
    "GET exchanges/%2F?page=1&page_size=2&name=%5Eamq.(t|f)&use_regex=true&sort=name&sort_reverse=true&columns=name",
    undefined,
    200,
    page(["amq.topic", "amq.fanout"], 1, 2),
  ],
  ["GET queues?page=1&page_size=2&name=zzz", undefined, 200, page([], 0, 0)],
  [
    "GET exchanges?page=2&page_size=3&name=amq.t",
    undefined,
    400,
    refused("page_out_of_range", "Page out of range, page: 2 page size: 3, len: 1"),
  ],
  [
    "GET queues?page=1&page_size=501",
    undefined,
    400,
    refused(
      "invalid_pagination_parameters",
      "Invalid pagination parameters: page number 1, page size 501",
    ),
  ],
  [
    "GET queues?page=x",
    undefined,
    400,
    refused("bad_request", "Pagination parameters are invalid"),
  ],
];

const ALL = [...QUEUES, ...EXCHANGES, ...MESSAGES, ...PAGES];

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
      : answer.headers.get("location") ?? undefined;
    const answered = [request, body, answer.status] as const;
    seen.push(told === undefined ? answered : [...answered, told]);
  }
  return seen;
}

/** RabbitMQ 4 tells the type of a queue among its arguments. */
function without(told: { arguments?: Record<string, unknown>; total_count?: number }) {
  delete told.total_count;
  delete told.arguments?.["x-queue-type"];
  return told;
}

Deno.test("queues, exchanges, bindings and messages are RabbitMQ's by HTTP [embedded]", async () => {
  await using broker = await askedWorktool();
  assert.deepEqual(await transcript(broker, ALL), ALL);
});

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`queues, exchanges, bindings and messages are RabbitMQ's by HTTP [${name}]`, async () => {
    await using broker = await askedRabbitMq(scripts);
    assert.deepEqual(await transcript(broker, ALL), ALL);
  });
}
