import assert from "node:assert/strict";
import {
  attemptsMade,
  diedInHand,
  mustBeIsolated,
  mustRecount,
} from "../../../src/retry/attempts.ts";

function delivery(redelivered: boolean, headers: Record<string, unknown> = {}) {
  const count = headers["x-delivery-count"];
  return {
    body: new Uint8Array(),
    deliveryTag: 1,
    redelivered,
    exchange: "",
    routingKey: "q",
    properties: { headers },
    ...(typeof count === "number" ? { deliveryCount: count } : {}),
  };
}

const CASES: readonly [string, ReturnType<typeof delivery>, number, boolean][] = [
  ["new", delivery(false), 0, false],
  ["redelivered by a classic queue", delivery(true), 1, true],
  ["retried", delivery(false, { "x-worktool-attempts": 2 }), 2, false],
  ["retried, then redelivered", delivery(true, { "x-worktool-attempts": 2 }), 3, true],
  ["redelivered by a quorum queue", delivery(true, { "x-delivery-count": 4 }), 4, false],
  ["both", delivery(true, { "x-worktool-attempts": 2, "x-delivery-count": 1 }), 3, false],
  [
    "taken back because it took too long (RabbitMQ 4.3)",
    delivery(true, { "x-acquired-count": 1 }),
    1,
    false,
  ],
  [
    "failed once, and taken back once (RabbitMQ 4.3)",
    delivery(true, { "x-acquired-count": 2, "x-delivery-count": 1 }),
    2,
    false,
  ],
  ["not a number", delivery(false, { "x-worktool-attempts": "2" }), 0, false],
  ["negative", delivery(false, { "x-worktool-attempts": -1 }), 0, false],
  ["a fraction", delivery(false, { "x-worktool-attempts": 1.5 }), 0, false],
  ["absurd", delivery(false, { "x-worktool-attempts": 2 ** 40 }), 0, false],
  ["a count that is none", delivery(true, { "x-delivery-count": -1 }), 0, false],
];

for (const [name, message, made, recount] of CASES) {
  Deno.test(`attempts of a message: ${name}`, () => {
    assert.deepEqual([attemptsMade(message), mustRecount(message)], [made, recount]);
  });
}

Deno.test("a task is suspected when it came back, and isolated when its header says so", () => {
  const isolated = { "x-worktool-alone": true, "x-worktool-attempts": 2 };
  const facts = [
    delivery(false),
    delivery(true),
    delivery(false, { "x-worktool-attempts": 2 }),
    delivery(true, { "x-delivery-count": 1 }),
    delivery(true, { "x-acquired-count": 1 }),
    delivery(false, isolated),
    delivery(true, isolated),
    delivery(false, { "x-worktool-alone": "true" }),
  ].map((message) => [diedInHand(message), mustBeIsolated(message)]);
  assert.deepEqual(facts, [
    [false, false],
    [true, false],
    [false, false],
    [true, false],
    [true, false],
    [false, true],
    [true, true],
    [false, false],
  ]);
});
