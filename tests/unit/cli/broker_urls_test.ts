import assert from "node:assert/strict";
import fc from "fast-check";
import { brokerUrls, shuffled, splitList } from "../../../src/cli/values/broker_urls.ts";

Deno.test("a list is split where the next URL begins, and nowhere else", () => {
  const table: [string, string[]][] = [
    ["amqp://a", ["amqp://a"]],
    ["amqp://a,amqps://b, AMQP://c\n", ["amqp://a", "amqps://b", "AMQP://c\n"]],
    ["amqp://u:p,w@a/v,x,amqp://b", ["amqp://u:p,w@a/v,x", "amqp://b"]],
    ["amqp://u:,amqp%3A//@a", ["amqp://u:,amqp%3A//@a"]],
    ["", [""]],
  ];
  for (const [text, expected] of table) assert.deepEqual(splitList(text), expected, text);
});

Deno.test("flags come before variables, the default last; each URL keeps its credentials", () => {
  const hosts = (flags: string[], env = {}) => brokerUrls(flags, env).map(({ host }) => host);
  const env = { AMQP_URL: "amqp://a,amqp://b", RABBITMQ_URL: "amqp://c" };
  assert.deepEqual(hosts(["amqp://x", "amqp://y,amqp://z"], env), ["x", "y", "z"]);
  assert.deepEqual(hosts([], env), ["a", "b"]);
  assert.deepEqual(hosts([], { ...env, AMQP_URL: "" }), ["c"]);
  assert.deepEqual(hosts([]), ["localhost"]);
  assert.deepEqual(
    brokerUrls(["amqp://u:p@a", "amqp://b"], {}).map(({ username, password }) => [
      username,
      password,
    ]),
    [["u", "p"], ["guest", "guest"]],
  );
});

Deno.test("shuffling keeps all and can make any order", () => {
  fc.assert(fc.property(fc.array(fc.integer()), fc.infiniteStream(fc.nat(99)), (items, stream) => {
    const random = () => (stream.next().value as number) / 100;
    assert.deepEqual(shuffled(items, random).toSorted(), items.toSorted());
  }));
  const orders = new Set<string>();
  for (const a of [0, 0.4, 0.7]) {
    for (const b of [0, 0.5]) {
      const numbers = [a, b, 0];
      orders.add(shuffled(["a", "b", "c"], () => numbers.shift()!).join(""));
    }
  }
  assert.equal(orders.size, 6);
});
