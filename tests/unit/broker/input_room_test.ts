import assert from "node:assert/strict";
import { InputRoom } from "../../../src/broker/input_room.ts";

Deno.test("a room for input is full until half of it is free, and tells its readers in order", () => {
  const room = new InputRoom(100);
  const told: string[] = [];
  const [first, second] = ["first", "second"].map((name) => ({
    roomChanged: () => void told.push(`${name} ${room.full}`),
  })) as [{ roomChanged(): void }, { roomChanged(): void }];
  room.enter(first);
  room.enter(second);
  room.enter(first); // read again: it comes after the other
  assert.equal(room.shareBytes, 50);

  room.account(100);
  assert.deepEqual(told.splice(0), []);
  room.account(1);
  assert.deepEqual(told.splice(0), ["second true", "first true"]);
  room.leave(second);
  room.account(-50);
  assert.deepEqual(told.splice(0), []);
  room.account(-1);
  assert.deepEqual(told.splice(0), ["first false"]);
});
