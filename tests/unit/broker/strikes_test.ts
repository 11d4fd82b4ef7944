import assert from "node:assert/strict";
import fc from "fast-check";
import { chanceOf } from "../../../src/broker/faults/chance.ts";
import { Strikes } from "../../../src/broker/faults/strikes.ts";
import { holds } from "../../support/property.ts";

const PLACE = { connection: 1, channel: 1 };
const EVENTS = 10_000;

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

/** The events of a place that are struck. */
function struckBy(strikes: Strikes, place = PLACE): number[] {
  return Array.from({ length: EVENTS }, (_, n) => n).filter((n) => strikes.strikes(place, n));
}

function drops(chance: number, seed: number, times = Infinity): Strikes {
  return new Strikes({ kind: "drop", chance, times }, seed);
}

Deno.test("strikes: about as many as the chance says, whatever the seed", async () => {
  await holds(fc.property(seeds, fc.constantFrom(0.01, 0.1, 0.5, 0.9), (seed, chance) => {
    const { length } = struckBy(drops(chance, seed));
    const deviation = Math.sqrt(EVENTS * chance * (1 - chance));
    assert.ok(Math.abs(length - EVENTS * chance) < 6 * deviation, `${length}`);
  }));
});

Deno.test("strikes: the same seed strikes the same, another seed and another place others", async () => {
  await holds(fc.property(seeds, (seed) => {
    const struck = struckBy(drops(0.1, seed));
    assert.deepEqual(struckBy(drops(0.1, seed)), struck);
    assert.notDeepEqual(struckBy(drops(0.1, (seed + 1) % 2 ** 32)), struck);
    assert.notDeepEqual(struckBy(drops(0.1, seed), { connection: 2, channel: 1 }), struck);
    assert.notDeepEqual(struckBy(drops(0.1, seed), { connection: 1, channel: 2 }), struck);
  }));
});

Deno.test("strikes: after so many, once in each place, and so often at most", () => {
  const strikes = new Strikes({ kind: "drop", after: 3, times: 2 }, 0);
  assert.deepEqual(struckBy(strikes), [3]);
  assert.deepEqual(struckBy(strikes, { connection: 2, channel: 1 }), [3]);
  assert.deepEqual(struckBy(strikes, { connection: 3, channel: 1 }), []);
  assert.equal(struckBy(drops(0.5, 1, 7)).length, 7);
});

Deno.test("chances are below 1, and a chance of 1 strikes always", async () => {
  await holds(fc.property(seeds, fc.array(fc.nat()), (seed, place) => {
    const chance = chanceOf(seed, ...place);
    assert.ok(chance >= 0 && chance < 1);
  }));
  assert.equal(struckBy(drops(1, 5)).length, EVENTS);
});
