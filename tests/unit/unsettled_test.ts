import assert from "node:assert/strict";
import fc from "fast-check";
import { Unsettled } from "../../src/amqp/unsettled.ts";
import { holds } from "../support/property.ts";

Deno.test("what is done in order is acknowledged with one frame", () => {
  const unsettled = new Unsettled();
  for (const tag of [1, 2, 3, 4]) unsettled.delivered(tag);
  assert.deepEqual(unsettled.acknowledge([1, 2]), { upTo: 2, single: [] });
  assert.deepEqual(unsettled.acknowledge([4]), { upTo: 0, single: [4] });
  assert.deepEqual(unsettled.acknowledge([3]), { upTo: 3, single: [] });
});

Deno.test("an acknowledgement settles what was asked for and nothing else", async () => {
  const step = fc.oneof(
    fc.constant("deliver" as const),
    fc.record({ acknowledge: fc.array(fc.nat(20), { maxLength: 5 }) }),
  );
  await holds(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const unsettled = new Unsettled();
    let outstanding: number[] = []; // as the broker sees it
    let last = 0;
    for (const step of steps) {
      if (step === "deliver") {
        unsettled.delivered(++last);
        outstanding.push(last);
      } else {
        const wanted = [...new Set(step.acknowledge)].filter((tag) => outstanding.includes(tag));
        const { upTo, single } = unsettled.acknowledge(wanted);
        const settled = outstanding.filter((tag) => tag <= upTo || single.includes(tag));
        assert.deepEqual(settled, [...wanted].sort((a, b) => a - b));
        outstanding = outstanding.filter((tag) => !settled.includes(tag));
      }
    }
  }));
});
