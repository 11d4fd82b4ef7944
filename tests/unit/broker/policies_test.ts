/** Policies of the embedded broker: which applies, and what of it holds. */
import assert from "node:assert/strict";
import { checkPolicy, type PolicyProposal } from "../../../src/broker/model/check_policy.ts";
import { Policies } from "../../../src/broker/model/policies.ts";
import { mergePolicy } from "../../../src/broker/model/policy_merge.ts";
import { releaseNamed } from "../../../src/broker/release.ts";
import { type FieldTable, integerOf } from "../../../src/broker/wire/field_table.ts";

const release = releaseNamed("4.3");
const proposal: PolicyProposal = {
  pattern: "^a",
  applyTo: "all",
  priority: 0,
  definition: { "max-length": 1 },
};

function policies(): Policies {
  return new Policies("/", { release, settings: undefined, changed: () => {} });
}

Deno.test("the policy of the highest priority applies, among equals the first by name", () => {
  const all = policies();
  all.put("z", checkPolicy(proposal, release));
  all.put("b", checkPolicy(proposal, release));
  assert.equal(all.of({ name: "a", quorum: false })?.name, "b");
  all.put("z", checkPolicy({ ...proposal, priority: 1 }, release));
  assert.equal(all.of({ name: "a", quorum: false })?.name, "z");
  assert.equal(all.of({ name: "ba", quorum: false }), undefined);
  all.delete("z");
  assert.equal(all.of({ name: "a", quorum: false })?.name, "b");
});

Deno.test("a policy leaves alone what it is not for", () => {
  const all = policies();
  all.put("exchanges", checkPolicy({ ...proposal, applyTo: "exchanges" }, release));
  assert.equal(all.of({ name: "a", quorum: false }), undefined);
  all.put("quorum", checkPolicy({ ...proposal, applyTo: "quorum_queues" }, release));
  assert.equal(all.of({ name: "a", quorum: false }), undefined);
  assert.equal(all.of({ name: "a", quorum: true })?.name, "quorum");
  // A key that classic queues do not have: the whole policy is not for them.
  const definition = { "delivery-limit": 3, "max-length": 1 };
  all.put("limit", checkPolicy({ ...proposal, priority: 9, definition }, release));
  assert.equal(all.of({ name: "a", quorum: false }), undefined);
  assert.equal(all.of({ name: "a", quorum: true })?.name, "limit");
});

/** What holds where a queue's argument and its policy differ, tried on RabbitMQ. */
const MERGED: [key: string, argument: number, policy: number, holds: number][] = [
  ["message-ttl", 1, 2, 1],
  ["message-ttl", 2, 1, 1],
  ["expires", 2, 1, 1],
  ["max-length", 1, 2, 1],
  ["max-length-bytes", 2, 1, 1],
  ["delivery-limit", 5, 3, 3],
  ["delivery-limit", 3, 5, 3],
  ["delivery-limit", -1, 5, 5],
  ["delivery-limit", 5, -1, 5],
];

for (const [key, argument, policy, holds] of MERGED) {
  Deno.test(`${key}: an argument of ${argument} and a policy of ${policy} mean ${holds}`, () => {
    const table: FieldTable = new Map([[`x-${key}`, { type: "I", value: argument }]]);
    const applied = checkPolicy({ ...proposal, definition: { [key]: policy } }, release);
    const merged = mergePolicy(table, applied, { quorum: true });
    assert.equal(integerOf(merged.get(`x-${key}`)), holds);
  });
}

Deno.test("overflow is the argument's in a classic queue, and the policy's in a quorum queue", () => {
  const table: FieldTable = new Map([["x-overflow", { type: "S", value: "drop-head" }]]);
  const definition = { overflow: "reject-publish" };
  const applied = checkPolicy({ ...proposal, definition }, release);
  for (const [quorum, holds] of [[false, "drop-head"], [true, "reject-publish"]] as const) {
    assert.equal(mergePolicy(table, applied, { quorum }).get("x-overflow")!.value, holds);
  }
});

const REFUSED: [what: Partial<PolicyProposal>, message: RegExp][] = [
  [{ definition: {} }, /^no policy provided$/],
  [{ definition: { nope: 1 } }, /^\[\{<<"nope">>,1\}\] are not recognised policy settings$/],
  [{ definition: { "message-ttl": "x" } }, /^<<"x">> is not a valid message TTL$/],
  [{ definition: { "max-length": -1 } }, /^-1 is not a valid maximum length$/],
  [{ pattern: "*" }, /^pattern should be regular expression but is invalid: /],
  [{ applyTo: "foo" }, /^apply-to 'foo' unrecognised; should be one of: 'queues', /],
  [{ priority: "high" }, /^priority should be a number, actually was <<"high">>$/],
];

for (const [what, message] of REFUSED) {
  Deno.test(`refused: ${JSON.stringify(what)}`, () => {
    assert.throws(() => checkPolicy({ ...proposal, ...what }, release), { message });
  });
}
