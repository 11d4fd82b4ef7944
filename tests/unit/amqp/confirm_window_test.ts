import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfirmWindow } from "../../../src/amqp/confirm_window.ts";
import { holds } from "../../support/property.ts";

Deno.test("tags count from 1, the oldest is the one not settled first", () => {
  const window = new ConfirmWindow<string>();
  assert.deepEqual(["a", "b", "c"].map((entry) => window.add(entry)), [1, 2, 3]);
  assert.deepEqual(window.settle(1, { multiple: false }), ["a"]);
  assert.equal(window.oldest, "b");
  assert.equal(window.find((entry) => entry > "b"), "c");
  assert.deepEqual(window.settle(1, { multiple: false }), []); // twice settles nothing
  assert.deepEqual(window.settle(0, { multiple: true }), ["b", "c"]);
  assert.equal(window.size, 0);
});

Deno.test("any sequence of publishes and confirms settles as a plain list does", async () => {
  const step = fc.oneof(
    fc.constant("publish" as const),
    fc.record({ deliveryTag: fc.nat(30), multiple: fc.boolean() }),
  );
  await holds(fc.property(fc.array(step), (steps) => {
    const window = new ConfirmWindow<number>();
    let reference: number[] = [];
    let published = 0;
    for (const step of steps) {
      if (step === "publish") {
        assert.equal(window.add(++published), published);
        reference.push(published);
      } else {
        const { deliveryTag: tag, multiple } = step;
        const settles = (entry: number) => multiple ? tag === 0 || entry <= tag : entry === tag;
        assert.deepEqual(window.settle(tag, { multiple }), reference.filter(settles));
        reference = reference.filter((entry) => !settles(entry));
      }
      assert.equal(window.size, reference.length);
      assert.equal(window.oldest, reference[0]);
    }
  }));
});
