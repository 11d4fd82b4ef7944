import assert from "node:assert/strict";
import { eventually, wholeTest, within } from "./deadline.ts";

const never = new Promise<never>(() => {});

Deno.test("a wait that is overdue says what it waited for", async () => {
  await assert.rejects(within(never, "Godot", 1), /^Error: waited too long for Godot$/);
  await assert.rejects(eventually(() => "it to be true", () => false, 1), /for it to be true$/);
  await assert.rejects(eventually("an answer", () => never, 1), /for an answer$/);
});

Deno.test("a test that does not end is named, with what it waits for", async () => {
  const leftover = within(never, "what a test before waited for", 100);
  const body = () =>
    Promise.all([within(never, "an ack", 100), within(never, () => "a line", 100)]);
  const overdue = wholeTest("all is well", body, 1);
  await assert.rejects(overdue, /for the end of "all is well", which waits for an ack; a line$/);
  const unnamed = wholeTest("x", () => never, 1);
  await assert.rejects(unnamed, /"x", which waits for something that has no deadline$/);
  await assert.rejects(leftover);
});

Deno.test("what comes in time is passed on, be it a failure", async () => {
  assert.equal(await wholeTest("x", () => within(Promise.resolve(1), "one")), 1);
  await assert.rejects(
    wholeTest("x", () => within(Promise.reject(new Error("no")), "y")),
    /^Error: no$/,
  );
  let asked = 0;
  await eventually("the third time", () => ++asked === 3);
});
