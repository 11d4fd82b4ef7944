/** Many deliveries that return to their queue at once. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry } from "../../../src/broker/model/entry.ts";
import { holds } from "../../support/property.ts";
import { Taker, text, World } from "./queue_world.ts";

/** More than return at once. */
const COUNT = 5_000;

/** A queue to which they are on their way. */
function returning(world = new World()): { world: World; entries: Entry[] } {
  const entries: Entry[] = [];
  for (let n = 0; n < COUNT; n++) world.publish(`${n}`);
  for (let n = 0; n < COUNT; n++) entries.push(world.take()!);
  world.requeue(entries, { failed: true });
  return { world, entries };
}

/** Goes on with what returns, so many entries at a time, until all are back. */
function goOn({ returning: [entries] }: World, sliceOf = 1_000): void {
  let left = sliceOf;
  while (entries!.goOn(() => --left === 0)) left = sliceOf;
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);

Deno.test("many that return are ready at once, and are delivered in order once all are back", () => {
  const { world } = returning();
  assert.equal(world.returning.length, 1);
  assert.deepEqual([world.queue.readyCount, world.queue.unackedCount], [COUNT, 0]);
  const taker = new Taker("c", Infinity);
  world.queue.subscribe(taker);
  world.queue.resume();
  world.publish(`${COUNT}`);
  assert.equal(taker.entries.length, 0);
  goOn(world);
  assert.deepEqual(taker.entries.map(text), numbers(COUNT + 1));
  assert.equal(taker.entries.filter(({ redelivered }) => redelivered).length, COUNT);
});

Deno.test("basic.get does not wait for what returns", () => {
  const { world } = returning();
  assert.deepEqual(world.drain(), numbers(COUNT));
  goOn(world);
  assert.equal(world.queue.readyCount, 0);
});

for (const limit of ["x-max-length", "x-max-length-bytes"]) {
  Deno.test(`a full queue refuses what comes while others return (${limit})`, () => {
    const octets = numbers(COUNT).join("").length;
    const { world } = returning(
      new World({
        [limit]: { type: "I", value: limit === "x-max-length" ? COUNT : octets },
        "x-overflow": { type: "S", value: "reject-publish" },
      }),
    );
    assert.equal(world.queue.readyBytes, octets);
    assert.equal(world.publish("one more"), "rejected");
    goOn(world);
    assert.equal(world.publish("one more"), "rejected");
    assert.deepEqual([world.queue.readyCount, world.queue.readyBytes], [COUNT, octets]);
  });
}

Deno.test("a purge takes what returns, too", () => {
  const { world } = returning();
  assert.equal(world.queue.purge(), COUNT);
  goOn(world);
  assert.deepEqual([world.queue.readyCount, world.memoryBytes], [0, 0]);
});

Deno.test("what returns to a queue that was deleted is forgotten", () => {
  const { world } = returning();
  world.queue.deleted = true;
  assert.equal(world.queue.purge(), COUNT);
  goOn(world);
  assert.equal(world.memoryBytes, 0);
});

Deno.test("what returns behind others comes after them, whatever the slices", async () => {
  const slices = fc.array(fc.integer({ min: 1, max: COUNT }), { minLength: 1 });
  await holds(
    fc.property(slices, fc.integer({ min: 0, max: COUNT }), (slices, taken) => {
      const world = new World();
      for (let n = 0; n < 2 * COUNT; n++) world.publish(`${n}`);
      const entries: Entry[] = [];
      for (let n = 0; n < COUNT + taken; n++) entries.push(world.take()!);
      world.requeue(entries.splice(0, COUNT), { failed: false });
      world.requeue(entries, { failed: false });
      let slice = 0;
      let left = slices[0]!;
      while (world.returning[0]!.goOn(() => --left === 0)) {
        left = slices[++slice % slices.length]!;
      }
      assert.deepEqual(world.drain(), numbers(2 * COUNT));
    }),
    { runs: 20 },
  );
});
