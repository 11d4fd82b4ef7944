/** Deliveries that wait for their acknowledgement, against a plain table of them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { UnackedLedger } from "../../../src/broker/channel/unacked_ledger.ts";
import type { Entry } from "../../../src/broker/model/entry.ts";
import { holds } from "../../support/property.ts";

type Step =
  | { readonly what: "deliver"; readonly count: number; readonly noAck: boolean }
  | { readonly what: "take"; readonly tag: number; readonly multiple: boolean }
  | { readonly what: "roll back" };

const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(
  fc.record({
    what: fc.constant("deliver" as const),
    count: fc.integer({ min: 1, max: 300 }),
    noAck: fc.boolean(),
  }),
  fc.record({
    what: fc.constant("take" as const),
    tag: fc.integer({ min: 0, max: 1_500 }),
    multiple: fc.boolean(),
  }),
  fc.record({ what: fc.constant("roll back" as const) }),
));

Deno.test("deliveries are taken by tag, up to a tag, and all; a rollback puts them back", async () => {
  await holds(fc.property(steps, (steps) => {
    const ledger = new UnackedLedger();
    const model = new Map<number, Entry>();
    let taken: Entry[] = [];
    for (const step of steps) {
      switch (step.what) {
        case "deliver":
          for (let n = 0; n < step.count; n++) {
            const entry = { deliveryTag: ledger.nextTag() } as Entry;
            if (step.noAck && n % 3 > 0) continue; // it takes a tag, and nothing waits
            ledger.add(entry);
            model.set(entry.deliveryTag, entry);
          }
          break;
        case "take": {
          const { tag, multiple } = step;
          const due = tag === 0 && multiple
            ? [...model.values()]
            : [...model.values()].filter(({ deliveryTag }) =>
              multiple ? deliveryTag <= tag : deliveryTag === tag
            );
          if (!model.has(tag) && !(tag === 0 && multiple)) {
            assert.throws(() => ledger.take(tag, { multiple }), /unknown delivery tag/);
            break;
          }
          assert.deepEqual([...ledger.take(tag, { multiple })], due);
          for (const entry of due) model.delete(entry.deliveryTag);
          taken.push(...due);
          break;
        }
        case "roll back": {
          ledger.restore(taken);
          const all = [...model.values(), ...taken].sort((a, b) => a.deliveryTag - b.deliveryTag);
          model.clear();
          for (const entry of all) model.set(entry.deliveryTag, entry);
          taken = [];
        }
      }
      assert.equal(ledger.size, model.size);
      assert.equal(ledger.oldest(), model.values().next().value);
    }
    assert.deepEqual([...ledger], [...model.values()]);
    assert.deepEqual([...ledger.takeAll()], [...model.values()]);
    assert.equal(ledger.size, 0);
  }));
});
