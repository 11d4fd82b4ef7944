/** Queues to which many deliveries return take turns. */
import assert from "node:assert/strict";
import { EndOfTurn } from "../../../src/broker/end_of_turn.ts";
import type { ReturningEntries } from "../../../src/broker/model/returning_entries.ts";
import { Returns } from "../../../src/broker/model/returns.ts";
import { Workload } from "../../../src/broker/workload.ts";

Deno.test("a queue to which few return does not wait for one to which a million do", async () => {
  using workload = new Workload(new EndOfTurn());
  const returns = new Returns(workload, assert.fail);
  const { promise, resolve } = Promise.withResolvers<void>();
  const returning = (goOn: ReturningEntries["goOn"]) => ({ goOn }) as unknown as ReturningEntries;
  returns.add(returning((isOver) => {
    while (!isOver());
    return true;
  }));
  returns.add(returning(() => {
    resolve();
    return false;
  }));
  await promise;
});
