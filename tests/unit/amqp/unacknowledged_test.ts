import assert from "node:assert/strict";
import fc from "fast-check";
import { Unacknowledged } from "../../../src/amqp/unacknowledged.ts";
import { holds } from "../../support/property.ts";

Deno.test("what is done in order is acknowledged with one frame", () => {
  const unacknowledged = new Unacknowledged();
  for (const tag of [1, 2, 3, 4]) unacknowledged.delivered(tag);
  assert.deepEqual(unacknowledged.acknowledge([1, 2]), { upTo: 2, single: [] });
  assert.deepEqual(unacknowledged.acknowledge([4]), { upTo: 0, single: [4] });
  assert.deepEqual(unacknowledged.acknowledge([3]), { upTo: 3, single: [] });
});

Deno.test("an acknowledgement settles what was asked for and nothing else", async () => {
  const step = fc.oneof(
    fc.constant("deliver" as const),
    fc.record({ acknowledge: fc.array(fc.nat(20), { maxLength: 5 }) }),
  );
  await holds(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const unacknowledged = new Unacknowledged();
    let outstanding: number[] = []; // as the broker sees it
    let last = 0;
    for (const step of steps) {
      if (step === "deliver") {
        unacknowledged.delivered(++last);
        outstanding.push(last);
      } else {
        const wanted = [...new Set(step.acknowledge)].filter((tag) => outstanding.includes(tag));
        const { upTo, single } = unacknowledged.acknowledge(wanted);
        const settled = outstanding.filter((tag) => tag <= upTo || single.includes(tag));
        assert.deepEqual(settled, [...wanted].sort((a, b) => a - b));
        outstanding = outstanding.filter((tag) => !settled.includes(tag));
      }
    }
  }));
});
