import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { EndOfTurn, type TurnWork } from "../../../src/broker/end_of_turn.ts";

Deno.test("a turn ends with commits, then confirms, then sends, whoever asked first", async () => {
  using endOfTurn = new EndOfTurn();
  const done: string[] = [];
  const confirm = work(() => done.push("confirm"));
  const commit = work(() => {
    done.push("commit");
    endOfTurn.want("confirm", confirm);
  });
  endOfTurn.want("send", work(() => done.push("send")));
  endOfTurn.want("commit", commit);
  assert.deepEqual(done, []);
  await setImmediate();
  assert.deepEqual(done, ["commit", "confirm", "send"]);
});

Deno.test("work that has more goes on in the next turn, and others come between", async () => {
  using endOfTurn = new EndOfTurn();
  const done: string[] = [];
  let batches = 3;
  endOfTurn.want("commit", {
    endTurn() {
      done.push("commit");
      return --batches > 0;
    },
    failed: assert.fail,
  });
  endOfTurn.want("send", work(() => done.push("send")));
  for (let turn = 0; turn < 4; turn++) await setImmediate();
  assert.deepEqual(done, ["commit", "send", "commit", "commit"]);
});

Deno.test("who wants the same twice is called once, and the end may come at once", async () => {
  using endOfTurn = new EndOfTurn();
  let sends = 0;
  const send = work(() => sends++);
  endOfTurn.want("send", send);
  endOfTurn.want("send", send);
  endOfTurn.run();
  assert.equal(sends, 1);
  await setImmediate();
  assert.equal(sends, 1);
});

Deno.test("work that throws is told so, and keeps none of the others from theirs", async () => {
  using endOfTurn = new EndOfTurn();
  const done: string[] = [];
  endOfTurn.want("send", {
    endTurn() {
      throw new Error("a bug");
    },
    failed: (error) => done.push(`${error}`),
  });
  endOfTurn.want("send", work(() => done.push("send")));
  endOfTurn.run();
  assert.deepEqual(done, ["Error: a bug", "send"]);
  await setImmediate();
  assert.equal(done.length, 2);
});

function work(endTurn: () => unknown): TurnWork {
  return {
    endTurn() {
      endTurn();
      return false;
    },
    failed: assert.fail,
  };
}
