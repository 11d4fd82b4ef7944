import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { deathHeaders, deathOf, replayedProperties } from "../../../src/retry/dead_letter.ts";
import { republishedProperties } from "../../../src/retry/republished_properties.ts";

const AT = new Date(0);

function delivery(headers: Record<string, unknown>, properties = {}) {
  return {
    body: new Uint8Array(),
    deliveryTag: 1,
    redelivered: false,
    exchange: "",
    routingKey: "q",
    properties: { headers, ...properties },
  };
}

function death(stderr: string) {
  return { queue: "q", attempts: 1, reason: "r", stderr, at: AT, worker: "w" };
}

Deno.test("the end of stderr is kept, and no half of a character", () => {
  const stderr = (text: string) =>
    String(deathHeaders(death(text), delivery({}))["x-worktool-stderr"]);
  assert.equal(stderr("x".repeat(2_047) + "\n"), "x".repeat(2_047) + "\n");
  assert.equal(stderr("a" + "x".repeat(2_048)), "x".repeat(2_048));
  const cut = stderr("ä".repeat(3_000) + "z");
  assert.ok(Buffer.byteLength(cut) <= 2_048);
  assert.match(cut, /^ä+z$/);
});

Deno.test("headers of the wrong form tell nothing", () => {
  const headers = {
    "x-worktool-queue": 7,
    "x-worktool-attempts": "many",
    "x-worktool-dead-at": "yesterday",
    "x-death": ["nonsense"],
  };
  assert.deepEqual(deathOf(delivery(headers)), {});
  assert.deepEqual(deathOf(delivery({ "x-death": "none" })), {});
  assert.deepEqual(deathOf({ ...delivery({}), properties: {} }), {});
});

Deno.test("what the broker dead-lettered tells of its last death", () => {
  const deaths = [
    { queue: "q", reason: "rejected", time: { "!": "timestamp", value: 1_700_000_000 } },
    { queue: "earlier", reason: "expired" },
  ];
  assert.deepEqual(deathOf(delivery({ "x-death": deaths })), {
    queue: "q",
    reason: "rejected",
    at: new Date(1_700_000_000_000),
  });
});

Deno.test("a replayed copy is the message before its first attempt", () => {
  const original = delivery({ mine: "1" }, { expiration: "5000", userId: "me", messageId: "m" });
  const changes = deathHeaders({ ...death("e"), exitStatus: 1, signal: "SIGKILL" }, original);
  const move = { to: "q.dead", from: "q", username: "worker" };
  const letter = { ...original, properties: republishedProperties(original, move, changes) };
  assert.equal(letter.properties.userId, undefined);
  const provenance = { "x-worktool-exchange": "", "x-worktool-routing-key": "q" };
  const mark = { "x-worktool-replay": "r" };
  for (const username of ["me", "other"]) {
    assert.deepEqual(replayedProperties(letter, { username, run: "r" }), {
      ...original.properties,
      userId: undefined,
      headers: { mine: "1", ...provenance, ...mark, "x-worktool-user-id": "me" },
    });
  }
});

Deno.test("a replay vouches for nobody whom a producer named in a header", () => {
  const forged = delivery({ "x-worktool-user-id": "admin" });
  assert.equal(replayedProperties(forged, { username: "admin", run: "r" }).userId, undefined);
  const vouched = delivery({}, { userId: "admin" }); // the broker has checked it
  assert.equal(replayedProperties(vouched, { username: "admin", run: "r" }).userId, "admin");
});

Deno.test("an expiration that no broker would take is not restored", () => {
  const { expiration } = replayedProperties(
    delivery({ "x-worktool-expiration": "soon" }),
    { username: "me", run: "r" },
  );
  assert.equal(expiration, undefined);
});

Deno.test("what a broker's own dead-lettering wrote stays, what retries wrote goes", () => {
  const ours = { queue: "q.retry.1s", reason: "expired" };
  const theirs = { queue: "inbox", reason: "expired" };
  const moved = (headers: Record<string, unknown>) =>
    republishedProperties(delivery(headers), { to: "q.dead", from: "q", username: "me" }, {
      "x-worktool-exchange": undefined,
      "x-worktool-routing-key": undefined,
    }).headers;
  assert.deepEqual(
    moved({
      "x-death": [ours, theirs],
      "x-first-death-queue": "inbox",
      "x-last-death-queue": ours.queue,
    }),
    { "x-death": [theirs], "x-first-death-queue": "inbox" },
  );
  const first = {
    "x-first-death-queue": ours.queue,
    "x-first-death-reason": "expired",
    "x-first-death-exchange": "",
  };
  assert.deepEqual(moved({ "x-death": [ours], ...first }), {});
  assert.deepEqual(moved({ "x-death": [{ queue: "q", reason: "rejected" }] }), {
    "x-death": [{ queue: "q", reason: "rejected" }],
  });
  assert.deepEqual(moved({ "x-death": [{ queue: "q", reason: "maxlen" }] }), {});
});
