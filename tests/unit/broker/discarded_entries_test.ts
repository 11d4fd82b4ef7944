import assert from "node:assert/strict";
import { EndOfTurn } from "../../../src/broker/end_of_turn.ts";
import { DiscardedEntries } from "../../../src/broker/model/discarded_entries.ts";
import { Entry, type EntryQueue } from "../../../src/broker/model/entry.ts";
import type { Message } from "../../../src/broker/model/message.ts";
import { ReadyEntries } from "../../../src/broker/model/ready_entries.ts";
import { Workload } from "../../../src/broker/workload.ts";

const COUNT = 50_000;

/** A backlog, and what became of its entries. */
function backlog(onForgotten: (forgotten: number) => void) {
  const forgotten = new Set<Entry>();
  const queue = {
    forget(entry: Entry) {
      forgotten.add(entry);
      onForgotten(forgotten.size);
    },
  } as unknown as EntryQueue;
  const entries = new ReadyEntries({ levels: 1, turns: "highest", levelOf: () => 0 }, "own");
  for (let position = 1; position <= COUNT; position++) {
    const entry = new Entry({ bodyBytes: 1, priority: 0 } as Message, queue, position, Infinity);
    entries.append(entry);
  }
  return { entries, forgotten };
}

Deno.test("discarded entries are forgotten in slices, and kept from the disk at once", async () => {
  let excluded = 0;
  using workload = new Workload(new EndOfTurn());
  const discarded = new DiscardedEntries(workload, new EndOfTurn(), {
    exclude: (entries) => excluded = [...entries].length,
    isBusy: false,
  });
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const { entries, forgotten } = backlog((count) => count === COUNT && resolve());
  assert.equal(discarded.add(entries), COUNT);
  assert.equal(excluded, COUNT - forgotten.size);
  assert.ok(excluded > 0);
  await all;
});

Deno.test("a broker that stops forgets all that is left", () => {
  using workload = new Workload(new EndOfTurn());
  const discarded = new DiscardedEntries(workload, new EndOfTurn(), undefined);
  const { entries, forgotten } = backlog(() => {});
  discarded.add(entries);
  discarded.finish();
  assert.equal(forgotten.size, COUNT);
});

Deno.test("they wait while the store has enough to remove, and go on when it has committed", async () => {
  const endOfTurn = new EndOfTurn();
  using workload = new Workload(endOfTurn);
  const most = 6_000;
  let removing = 0;
  const removed: number[] = [];
  const store = {
    exclude() {},
    get isBusy() {
      return removing >= most;
    },
  };
  const commit = {
    endTurn() {
      removed.push(removing);
      removing = 0;
      return false;
    },
    failed: assert.fail,
  };
  const discarded = new DiscardedEntries(workload, endOfTurn, store);
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const { entries } = backlog((count) => {
    removing++;
    endOfTurn.want("commit", commit);
    if (count === COUNT) resolve();
  });
  discarded.add(entries);
  await all;
  endOfTurn.run();
  assert.equal(removed.reduce((sum, count) => sum + count), COUNT);
  for (const count of removed) assert.ok(count <= most);
});
