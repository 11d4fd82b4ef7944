import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry } from "../../../src/broker/model/entry.ts";
import type { Field } from "../../../src/broker/wire/field_table.ts";
import { holds } from "../../support/property.ts";
import { Taker, text, World } from "./queue_world.ts";

const integer = (value: number): Field => ({ type: "I", value });

Deno.test("a requeued message returns to its place, whatever was taken meanwhile", async () => {
  const steps = fc.array(fc.oneof(
    fc.constant("publish" as const),
    fc.constant("get" as const),
    fc.record({ settle: fc.nat(), how: fc.constantFrom("ack", "reject", "requeue") }),
  ));
  await holds(fc.property(steps, (steps) => {
    const world = new World();
    const ready: number[] = [];
    const unacked: { id: number; entry: Entry }[] = [];
    let published = 0;
    let settled = 0;
    for (const step of steps) {
      if (step === "publish") {
        world.publish(`${published}`);
        ready.push(published++);
      } else if (step === "get") {
        const entry = world.take();
        const id = ready.shift();
        assert.equal(entry && text(entry), id?.toString());
        if (entry !== undefined) unacked.push({ id: id!, entry });
      } else if (unacked.length > 0) {
        const [{ id, entry }] = unacked.splice(step.settle % unacked.length, 1) as [
          typeof unacked[0],
        ];
        if (step.how === "requeue") {
          world.requeue([entry], { failed: false });
          ready.push(id);
          ready.sort((a, b) => a - b);
        } else {
          settled++;
          if (step.how === "ack") world.queue.ack(entry);
          else world.queue.reject(entry, { failed: true });
        }
      }
      assert.equal(world.queue.readyCount, ready.length);
      assert.equal(world.queue.unackedCount, unacked.length);
      assert.equal(ready.length + unacked.length + settled, published);
    }
    for (const { entry } of unacked) world.queue.ack(entry);
    assert.deepEqual(world.drain(), ready.map(String));
    assert.equal(world.memoryBytes, 0);
  }));
});

Deno.test("prefetch is never exceeded and every message arrives once, in order", async () => {
  const prefetches = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
  await holds(fc.property(prefetches, fc.nat(30), (prefetches, count) => {
    const world = new World();
    const takers = prefetches.map((prefetch, index) => new Taker(`${index}`, prefetch));
    for (const taker of takers) world.queue.subscribe(taker);
    for (let id = 0; id < count; id++) world.publish(`${id}`);
    const seen: string[] = [];
    for (let held = takers.flatMap((taker) => taker.entries); held.length > 0;) {
      for (const taker of takers) {
        assert.ok(taker.entries.length <= taker.prefetch);
        const entry = taker.entries.shift();
        if (entry === undefined) continue;
        seen.push(text(entry));
        world.queue.ack(entry);
        world.queue.resume();
      }
      held = takers.flatMap((taker) => taker.entries);
    }
    assert.equal(seen.length, count);
    assert.equal(new Set(seen).size, count);
    if (takers.length === 1) assert.deepEqual(seen, [...Array(count).keys()].map(String));
  }));
});

Deno.test("equals are served in turn, higher priorities first", () => {
  const world = new World();
  const [a, b, first] = [new Taker("a", 9), new Taker("b", 9), new Taker("first", 1, 5)];
  for (const taker of [a, b, first]) world.queue.subscribe(taker);
  for (let id = 0; id < 5; id++) world.publish(`${id}`);
  assert.deepEqual([first, a, b].map((taker) => taker.entries.map(text)), [
    ["0"],
    ["1", "3"],
    ["2", "4"],
  ]);
});

Deno.test("only the first consumer of a single-active-consumer queue is served", () => {
  const world = new World({ "x-single-active-consumer": { type: "t", value: true } });
  const [a, b] = [new Taker("a", 1), new Taker("b", 9)];
  for (const taker of [a, b]) world.queue.subscribe(taker);
  world.publish("0");
  world.publish("1");
  assert.deepEqual([a.entries.length, b.entries.length], [1, 0]);
  world.queue.unsubscribe(a);
  assert.deepEqual(b.entries.map(text), ["1"]);
});

Deno.test("a message with a higher priority overtakes, equals keep their order", () => {
  const world = new World({ "x-max-priority": integer(5) });
  const priorities = [0, 3, 9, 5, 3];
  priorities.forEach((priority, id) => world.publish(`${id}`, { priority }));
  assert.deepEqual(world.drain(), ["2", "3", "1", "4", "0"]);
});

Deno.test("a full queue drops its head, or refuses the newest", () => {
  const drop = new World({
    "x-max-length": integer(2),
    "x-dead-letter-exchange": { type: "S", value: "x" },
  });
  for (const body of ["a", "b", "c"]) assert.equal(drop.publish(body), "taken");
  assert.deepEqual(drop.dead, [["a", "maxlen"]]);
  assert.deepEqual(drop.drain(), ["b", "c"]);
  const refuse = new World({
    "x-max-length-bytes": integer(2),
    "x-overflow": { type: "S", value: "reject-publish" },
  });
  assert.deepEqual(["a", "b", "c"].map((body) => refuse.publish(body)), [
    "taken",
    "taken",
    "rejected",
  ]);
});

Deno.test("the lower of queue TTL and expiration counts, and a requeue keeps the deadline", () => {
  const world = new World({
    "x-message-ttl": integer(100),
    "x-dead-letter-exchange": { type: "S", value: "x" },
  });
  world.publish("short", { expiration: "10" });
  world.publish("long", { expiration: "1000" });
  const entry = world.take()!;
  world.now = 10;
  world.requeue([entry], { failed: false });
  assert.deepEqual(world.dead, [["short", "expired"]]);
  world.now = 100;
  assert.deepEqual(world.drain(), []);
  assert.deepEqual(world.dead.at(-1), ["long", "expired"]);
});

Deno.test("a quorum queue gives a message up after x-delivery-limit failures", () => {
  const world = new World({
    "x-queue-type": { type: "S", value: "quorum" },
    "x-delivery-limit": integer(1),
    "x-dead-letter-exchange": { type: "S", value: "x" },
  }, { durable: true });
  world.publish("poison");
  for (const deliveryCount of [0, 1]) {
    const entry = world.take()!;
    assert.equal(entry.deliveryCount, deliveryCount);
    world.requeue([entry], { failed: true });
  }
  assert.deepEqual(world.dead, [["poison", "delivery_limit"]]);
});

Deno.test("what expired behind a head goes as soon as the head is taken", () => {
  const world = new World({ "x-dead-letter-exchange": { type: "S", value: "x" } });
  world.publish("lives");
  world.publish("short", { expiration: "1" });
  world.now = 5;
  assert.equal(world.queue.readyCount, 2);
  world.take();
  assert.deepEqual(world.dead, [["short", "expired"]]);
});
