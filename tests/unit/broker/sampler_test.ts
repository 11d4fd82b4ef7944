import assert from "node:assert/strict";
import { Sampler } from "../../../src/broker/sampler.ts";

/** One thing that counts, and a clock that is set. */
class World {
  nowMs = 0;
  count: number;
  readonly sampler: Sampler;
  readonly #one = { figures: () => ({ count: this.count }) };

  constructor(count = 0) {
    this.count = count;
    this.sampler = new Sampler(() => [this.#one], () => this.nowMs);
  }

  /** A turn at that time, in which so much is counted. */
  turn(atMs: number, counted: number): void {
    this.nowMs = atMs;
    this.sampler.turn(atMs);
    this.count += counted;
  }

  /** A second, as it is told at that time. */
  rate(atMs: number): number {
    this.nowMs = atMs;
    return this.sampler.rates(this.#one)("count");
  }
}

Deno.test("what was there at the start is no rate", () => {
  const world = new World(1_000);
  world.turn(100, 10);
  assert.equal(world.rate(200), 10 / 5);
});

Deno.test("a steady rate is told as it is", () => {
  const world = new World();
  for (let atMs = 10; atMs <= 60_000; atMs += 10) {
    world.turn(atMs, 3);
    if (atMs > 20_000 && atMs % 1_130 === 0) {
      assert.ok(Math.abs(world.rate(atMs) - 300) < 1, `${atMs}: ${world.rate(atMs)}`);
    }
  }
});

Deno.test("what was before a long rest does not count", () => {
  const world = new World();
  for (let atMs = 10; atMs <= 9_000; atMs += 10) world.turn(atMs, 100);
  assert.equal(world.rate(3_600_000), 0);
  world.turn(3_600_000, 50);
  assert.equal(world.rate(3_601_000), 50 / 5);
  world.turn(3_602_000, 50);
  assert.equal(world.rate(3_604_000), 100 / 5);
  assert.equal(world.rate(3_610_000), 0);
});

Deno.test("what came after the last look counts from 0", () => {
  let all: { figures: () => { count: number } }[] = [];
  const sampler = new Sampler(() => all, () => 1_000);
  all = [{ figures: () => ({ count: 5 }) }];
  sampler.turn(1_000);
  assert.equal(sampler.rates(all[0]!)("count"), 1);
});
