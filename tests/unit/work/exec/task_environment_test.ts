import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { propertiesJson } from "../../../../src/work/exec/properties_json.ts";
import { taskArguments } from "../../../../src/work/exec/task_arguments.ts";
import { baseEnvironment, taskEnvironment } from "../../../../src/work/exec/task_environment.ts";
import { deliveryOf } from "../../../support/delivery.ts";
import { holds } from "../../../support/property.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a command hears all about its task", () => {
  const base = baseEnvironment({ HOME: "/home/x", EMPTY: "", NONE: undefined }, "tasks");
  const delivery = deliveryOf("b", {
    redelivered: true,
    routingKey: "a.b",
    messageId: "m-1",
    properties: { messageId: "m-1", contentType: "text/plain", headers: { n: 1 } },
  });
  assert.deepEqual(taskEnvironment(base, { delivery, attempt: 3, deadlineMs: 0 }), {
    HOME: "/home/x",
    EMPTY: "",
    NONE: undefined,
    WORKTOOL_QUEUE: "tasks",
    WORKTOOL_MESSAGE_ID: "m-1",
    WORKTOOL_ATTEMPT: "3",
    WORKTOOL_REDELIVERED: "true",
    WORKTOOL_ROUTING_KEY: "a.b",
    WORKTOOL_CONTENT_TYPE: "text/plain",
    WORKTOOL_DEADLINE: "1970-01-01T00:00:00.000Z",
    WORKTOOL_PROPERTIES: '{"messageId":"m-1","contentType":"text/plain","headers":{"n":1}}',
  });
});

Deno.test("what a message lacks is unset, also where the parent has a variable of that name", () => {
  const base = baseEnvironment({
    WORKTOOL_MESSAGE_ID: "old",
    WORKTOOL_CONTENT_TYPE: "old",
    WORKTOOL_DEADLINE: "old",
    WORKTOOL_OTHER: "kept",
  }, "tasks");
  assert.deepEqual(taskEnvironment(base, { delivery: deliveryOf(""), attempt: 1 }), {
    WORKTOOL_OTHER: "kept",
    WORKTOOL_QUEUE: "tasks",
    WORKTOOL_ATTEMPT: "1",
    WORKTOOL_REDELIVERED: "false",
    WORKTOOL_ROUTING_KEY: "tasks",
    WORKTOOL_PROPERTIES: "{}",
  });
});

Deno.test("a retried task has the routing key with which it was published", () => {
  const properties = { headers: { "x-worktool-routing-key": "first" } };
  const delivery = deliveryOf("", { routingKey: "tasks.retry", properties });
  assert.equal(taskEnvironment({}, { delivery, attempt: 2 })["WORKTOOL_ROUTING_KEY"], "first");
});

Deno.test("a text that no variable can hold is left out", () => {
  const properties = { messageId: "a\0b" };
  const delivery = deliveryOf("", { messageId: "a\0b", routingKey: "\0", properties });
  const environment = taskEnvironment({}, { delivery, attempt: 1 });
  assert.deepEqual(Object.keys(environment).toSorted(), [
    "WORKTOOL_ATTEMPT",
    "WORKTOOL_PROPERTIES",
    "WORKTOOL_REDELIVERED",
  ]);
  assert.equal(JSON.parse(environment["WORKTOOL_PROPERTIES"]!).messageId, "a\0b");
});

Deno.test("properties as JSON keep text, and tell bytes that are none", () => {
  const headers = {
    text: Buffer.from("héllo"),
    bytes: Buffer.from([0xff, 0x00]),
    list: [1, null, true, Buffer.from([0xfe])],
    when: { "!": "timestamp", value: 5 },
    price: { "!": "decimal", value: { places: 2, digits: 1250 } },
    odd: { "!": "timestamp" },
    nan: NaN,
    ["__proto__"]: "own",
  };
  assert.equal(
    propertiesJson({ headers, priority: 3, contentType: undefined }),
    '{"headers":{"text":"héllo","bytes":{"base64":"/wA="},"list":[1,null,true,{"base64":"/g=="}],' +
      '"when":5,"price":12.5,"odd":{"!":"timestamp"},"nan":null,"__proto__":"own"},"priority":3}',
  );
});

Deno.test("properties of any shape give one line without a zero byte", async () => {
  const value = fc.anything({ withTypedArray: true, withBigInt: true, withNullPrototype: true });
  await holds(fc.property(fc.dictionary(fc.string(), value), (headers) => {
    const json = propertiesJson({ headers });
    assert.doesNotMatch(json, /[\0\n]/);
    JSON.parse(json);
  }));
  let deep: unknown = "end";
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.match(propertiesJson({ headers: { deep } }), /\[null\]/);
});

Deno.test("the body takes the place of every {}", () => {
  const body = bytes("$& {} 'x'");
  const given = ["--x={}", "{}{}", "y"];
  const replaced = ["--x=$& {} 'x'", "$& {} 'x'$& {} 'x'", "y"];
  assert.deepEqual(taskArguments(given, { body, place: "stdin" }), { args: replaced });
  assert.deepEqual(taskArguments(given, { body, place: "arg" }), {
    args: [...replaced, "$& {} 'x'"],
  });
  assert.deepEqual(taskArguments(given, { body, place: "file", path: "/p" }), {
    args: [...replaced, "/p"],
  });
});

Deno.test("without {} only --body arg needs text", () => {
  const body = Uint8Array.of(0xff);
  assert.deepEqual(taskArguments(["a"], { body, place: "stdin" }), { args: ["a"] });
  assert.deepEqual(taskArguments(["a"], { body, place: "file", path: "/p" }), {
    args: ["a", "/p"],
  });
  assert.match(
    taskArguments(["a"], { body, place: "arg" }).unfit!,
    /not valid UTF-8.*--body stdin/,
  );
  assert.match(taskArguments(["{}"], { body, place: "stdin" }).unfit!, /without \{\}$/);
  assert.match(taskArguments([], { body: bytes("a\0"), place: "arg" }).unfit!, /a zero byte/);
});

Deno.test("an argument is the body, byte for byte, or refused", async () => {
  await holds(fc.property(fc.uint8Array({ maxLength: 12 }), (body) => {
    const { args } = taskArguments([], { body, place: "arg" });
    if (args) assert.deepEqual(bytes(args[0]!), body);
    else assert.ok(body.includes(0) || new TextDecoder().decode(body).includes("\ufffd"));
  }));
});
