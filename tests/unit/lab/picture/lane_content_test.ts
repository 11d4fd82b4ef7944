import assert from "node:assert/strict";
import fc from "fast-check";
import { lanesOf } from "../../../../src/lab/lanes.ts";
import { goneMs, laneContent } from "../../../../src/lab/picture/lane_content.ts";
import { type Point, visibleSteps } from "../../../../src/lab/picture/visible_steps.ts";
import { holds } from "../../../support/property.ts";
import { oneByOne, recording } from "./generated_recording.ts";

const EXACT = { heldMs: 0, overlapMs: 0 };

Deno.test("what is held adds up to the time that each task waited and was kept", async () => {
  await holds(fc.property(recording, (recording) => {
    for (const lane of lanesOf(recording).lanes) {
      const { held } = laneContent(lane, EXACT);
      let waitingMs = 0;
      let keptMs = 0;
      for (const [index, { atMs, waiting, kept }] of held.entries()) {
        assert.ok(waiting >= 0 && kept >= 0);
        const forMs = (held[index + 1]?.atMs ?? atMs) - atMs;
        waitingMs += forMs * waiting;
        keptMs += forMs * kept;
      }
      const expected = lane.holds.map((hold) => {
        const end = goneMs(hold, lane);
        const waits = Math.max(0, Math.min(hold.startMs, end) - hold.deliveredMs);
        return { waits, keeps: hold.startMs === Infinity ? 0 : Math.max(0, end - hold.workEndMs) };
      });
      assert.equal(waitingMs, expected.reduce((sum, { waits }) => sum + waits, 0));
      assert.equal(keptMs, expected.reduce((sum, { keeps }) => sum + keeps, 0));
      assert.equal((held.at(-1)?.waiting ?? 0) + (held.at(-1)?.kept ?? 0), 0);
    }
  }));
});

Deno.test("work at the same time stands in rows of its own, no more than needed", async () => {
  await holds(fc.property(recording, (recording) => {
    for (const lane of lanesOf(recording).lanes) {
      const { works, rows } = laneContent(lane, EXACT);
      const ends = new Map<number, number>();
      for (const { row, startMs, endMs } of works) {
        assert.ok(row < rows && startMs >= (ends.get(row) ?? 0) && endMs >= startMs);
        ends.set(row, endMs);
      }
      const atOnce = works.map(({ startMs }) =>
        works.filter((other) => other.startMs <= startMs && startMs < other.endMs).length
      );
      assert.ok(rows <= Math.max(1, ...atOnce));
    }
  }));
});

Deno.test("a worker that works on one task at a time has one row", async () => {
  await holds(fc.property(oneByOne, (recording) => {
    for (const lane of lanesOf(recording).lanes) {
      assert.equal(laneContent(lane, EXACT).rows, 1);
    }
  }));
});

Deno.test("steps that are drawn are some of a curve's, in order, with the first and the last", async () => {
  const step = fc.record({ x: fc.double({ min: 0, max: 50, noNaN: true }), y: fc.nat(3) });
  const curve = fc.array(step, { minLength: 1, maxLength: 60 }).map((steps): Point[] =>
    steps.toSorted((a, b) => a.x - b.x)
  );
  await holds(fc.property(curve, (steps) => {
    const drawn = visibleSteps(steps);
    const places = drawn.map((step) => steps.indexOf(step));
    assert.deepEqual(places, places.toSorted((a, b) => a - b));
    assert.equal(new Set(places).size, places.length);
    assert.equal(drawn[0], steps[0]);
    assert.equal(drawn.at(-1), steps.at(-1));
  }));
});

Deno.test("of many brief levels one a pixel is drawn", () => {
  const steps = Array.from({ length: 10_000 }, (_, n) => ({ x: n / 100, y: n }));
  const { length } = visibleSteps(steps);
  assert.ok(length > 80 && length < 120, `${length}`);
});
