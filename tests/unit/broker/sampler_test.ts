import assert from "node:assert/strict";
import { type Sampled, Sampler } from "../../../src/broker/sampler.ts";

/** A workload with all the time in the world. */
const CALM = {
  workload: { add: () => {}, over: () => false },
  failed: (error: unknown) => assert.fail(String(error)),
};

/** One thing that counts, and a clock that is set. */
class World {
  nowMs = 0;
  count: number;
  readonly sampler: Sampler;
  readonly #one = { figures: () => ({ count: this.count }) };

  constructor(count = 0) {
    this.count = count;
    this.sampler = new Sampler({ ...CALM, all: () => [this.#one], now: () => this.nowMs });
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
  let all: Sampled[] = [];
  const sampler = new Sampler({ ...CALM, all: () => all, now: () => 1_000 });
  all = [{ figures: () => ({ count: 5 }) }];
  sampler.turn(1_000);
  assert.equal(sampler.rates(all[0]!)("count"), 1);
});

Deno.test("of very many the look takes several slices, and counts when it is over", () => {
  let [nowMs, count, added] = [0, 0, 0];
  const all = Array.from({ length: 2_000 }, () => ({ figures: () => ({ count }) }));
  const workload = { add: () => added++, over: () => true };
  const sampler = new Sampler({ ...CALM, workload, all: () => all, now: () => nowMs });
  const rate = () => sampler.rates(all.at(-1)!)("count");
  count = 100;
  sampler.turn(nowMs = 6_000);
  assert.equal(added, 1);
  nowMs = 12_000;
  sampler.turn(nowMs);
  assert.equal(added, 1); // it is not over
  assert.equal(rate(), 100 / 12); // against the start
  let slices = 0;
  while (sampler.work()) slices++;
  assert.ok(slices > 50, `${slices}`);
  assert.equal(rate(), 0);
});
