/** What one operation has stored in many batches is on disk when all of them are. */
import assert from "node:assert/strict";
import { Commits } from "../../../src/broker/methods/commits.ts";
import type { CommitWaiter, MessageStore } from "../../../src/broker/store/message_store.ts";

/** A store whose batches are committed by hand. */
function byHand() {
  const waiters: CommitWaiter[] = [];
  const store = { whenCommitted: (waiter: CommitWaiter) => waiters.push(waiter) };
  return { store: store as unknown as MessageStore, waiters };
}

for (const refused of [undefined, 0, 1, 2]) {
  const outcome = refused === undefined ? "all are on disk" : `batch ${refused} is refused`;
  Deno.test(`three batches, and ${outcome}`, () => {
    const { store, waiters } = byHand();
    const told: boolean[] = [];
    const commits = new Commits(store, (ok) => told.push(ok));
    for (let batch = 0; batch < 3; batch++) {
      commits.await();
      // The first two are committed before the operation is at its end.
      if (batch < 2) waiters[batch]!.committed(0, batch !== refused);
    }
    commits.end();
    assert.deepEqual(told, []);
    waiters[2]!.committed(0, refused !== 2);
    assert.deepEqual(told, [refused === undefined]);
  });
}

Deno.test("what stores nothing is done at its end", () => {
  const told: boolean[] = [];
  new Commits(undefined, (ok) => told.push(ok)).end();
  assert.deepEqual(told, [true]);
});
