import assert from "node:assert/strict";
import { Pulse } from "../../../src/amqp/pulse.ts";

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

Deno.test("a standstill of half a heartbeat is noticed, until the broker has answered", () => {
  using pulse = new Pulse(2);
  assert.equal(pulse.missed, false);
  standStill(1_100);
  assert.equal(pulse.missed, true);
  assert.equal(pulse.missed, true);
  pulse.trust();
  assert.equal(pulse.missed, false);
});

Deno.test("without heartbeats the broker ends nothing, and no standstill matters", () => {
  using pulse = new Pulse(0);
  standStill(20);
  assert.equal(pulse.missed, false);
});
