import assert from "node:assert/strict";
import fc from "fast-check";
import { Fifo } from "../../../src/work/fifo.ts";
import { holds } from "../../support/property.ts";

Deno.test("a fifo gives back what was pushed, in order", async () => {
  await holds(fc.property(fc.array(fc.boolean(), { maxLength: 300 }), (pushes) => {
    const fifo = new Fifo<number>();
    const reference: number[] = [];
    let next = 0;
    for (const push of pushes) {
      if (push) {
        fifo.push(next);
        reference.push(next++);
      } else {
        assert.equal(fifo.shift(), reference.shift());
      }
      assert.equal(fifo.size, reference.length);
    }
  }));
});
