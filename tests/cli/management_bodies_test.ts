/** Requests that change something, with bodies that nobody expects: each is answered. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { askedWorktool, requestManagement } from "../support/management.ts";
import { holds } from "../support/property.ts";

type Json = Record<string, unknown>;

const ALL = { configure: ".*", write: ".*", read: ".*" };

/** What may be asked, each with a body that is right. Guest stays, to be asked as afterwards. */
const REQUESTS: readonly (readonly [method: string, path: string, body: Json])[] = [
  ["PUT", "queues/%2F/q", { durable: true, auto_delete: false, arguments: { "x-max-length": 9 } }],
  ["PUT", "queues/%2F/q2", { durable: true, arguments: { "x-queue-type": "quorum" } }],
  ["DELETE", "queues/%2F/q", {}],
  ["DELETE", "queues/%2F/q/contents", {}],
  ["POST", "queues/%2F/q/get", {
    ...{ count: 1, ackmode: "ack_requeue_true", encoding: "auto", truncate: 9 },
  }],
  ["PUT", "exchanges/%2F/e", { type: "topic", durable: true, internal: false, arguments: {} }],
  ["POST", "exchanges/%2F/amq.default/publish", {
    ...{ routing_key: "q", payload: "aGk=", payload_encoding: "base64" },
    properties: { delivery_mode: 2, headers: { a: 1 }, priority: 1, expiration: "5" },
  }],
  ["POST", "bindings/%2F/e/amq.topic/q/q", { routing_key: "k", arguments: {} }],
  ["POST", "bindings/%2F/e/amq.headers/q/q", { arguments: { "x-match": "any", a: 1 } }],
  ["DELETE", "bindings/%2F/e/amq.topic/q/q/k", {}],
  ["PUT", "vhosts/v", { description: "d", tags: "a,b", default_queue_type: "quorum" }],
  ["PUT", "users/u", { password: "p", tags: "management" }],
  ["PUT", "users/u", { password_hash: "kI3GCqW5JLMJa4iX", tags: ["management"] }],
  ["POST", "users/bulk-delete", { users: ["u"] }],
  ["PUT", "permissions/%2F/u", ALL],
  ["PUT", "policies/%2F/p", {
    ...{ pattern: "^q", definition: { "message-ttl": 9 }, priority: 1, "apply-to": "queues" },
  }],
  ["PUT", "operator-policies/%2F/p", { pattern: "^q", definition: { expires: 9_000 } }],
  ["PUT", "parameters/federation/%2F/p", { value: {} }],
  ["PUT", "global-parameters/p", { value: 1 }],
  ["PUT", "topic-permissions/%2F/u", { exchange: "e", write: ".*", read: ".*" }],
  ["PUT", "vhost-limits/%2F/max-queues", { value: 1 }],
  ["POST", "definitions", {
    vhosts: [{ name: "v" }],
    users: [{ name: "u", password_hash: "", tags: "" }],
    permissions: [{ user: "u", vhost: "v", ...ALL }],
    queues: [{ name: "d", vhost: "v", durable: true, auto_delete: false, arguments: {} }],
    policies: [{ name: "p", vhost: "v", pattern: "", definition: { "max-length": 1 } }],
    bindings: [{ source: "amq.topic", vhost: "v", destination: "d", destination_type: "queue" }],
  }],
  ["POST", "definitions/%2F", { exchanges: [{ name: "d", type: "fanout" }] }],
  ["DELETE", "connections/none", {}],
];

/** Words that have a meaning somewhere. */
const WORDS = [
  ...["q", "e", "amq.topic", "topic", "direct", "/", "quorum", "string", "base64", "auto", ".*"],
  ...["ack_requeue_true", "ack_requeue_false", "true", "5", "-1", "", "["],
];

const key = fc.oneof(
  fc.constantFrom("arguments", "name", "x-queue-type", "x-message-ttl", "headers", "vhost"),
  fc.string({ unit: "binary", maxLength: 4 }),
);

const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(...WORDS, null, true, false, 0, 1, -1, 1.5, 2 ** 53, 1e300),
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4 }),
  ),
})).value;

/** Walks along the numbers to a place in the document, and puts the value there. */
function replaced(document: unknown, [step, ...rest]: readonly number[], value: unknown): unknown {
  if (step === undefined || document === null || typeof document !== "object") return value;
  const keys = Object.keys(document);
  if (keys.length === 0) return value;
  const key = keys[step % keys.length]!;
  const changed = { ...document, [key]: replaced((document as Json)[key], rest, value) };
  return Array.isArray(document) ? Object.values(changed) : changed;
}

Deno.test("any JSON is an answer of HTTP, never an error of the broker", async () => {
  await using broker = await askedWorktool();
  const place = fc.array(fc.nat({ max: 20 }), { maxLength: 4 });
  const request = fc.tuple(fc.constantFrom(...REQUESTS), place, value);
  await holds(fc.asyncProperty(request, async ([[method, path, right], place, value]) => {
    const body = replaced(right, place, value);
    const { status, body: answer } = await requestManagement(broker, [method, path], { body });
    assert.ok(status < 500, `${status} ${JSON.stringify(answer)}`);
  }));
  for (const [method, path, body] of REQUESTS) {
    const { status } = await requestManagement(broker, [method, path], { body });
    assert.ok(status < 500, `${method} ${path}: ${status}`);
  }
  assert.equal((await requestManagement(broker, ["GET", "overview"])).status, 200);
});
