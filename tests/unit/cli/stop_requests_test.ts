import assert from "node:assert/strict";
import { StopRequests } from "../../../src/cli/stop_requests.ts";

Deno.test("the first signal stops in order, a later one at once", () => {
  const requests = new StopRequests();
  assert.equal(requests.receive("SIGINT", 1_000), undefined);
  assert.equal(requests.stop.reason, "SIGINT");
  assert.equal(requests.receive("SIGTERM", 1_299), undefined);
  assert.equal(requests.receive("SIGTERM", 1_300), 143);
  assert.equal(requests.receive("SIGINT", 1_300), 130);
  assert.equal(requests.receive("SIGHUP", 1_300), 129);
});

Deno.test("no signal changes an exit code that is decided", () => {
  const requests = new StopRequests();
  requests.decided();
  assert.equal(requests.receive("SIGINT", 1_000), undefined);
  assert.ok(requests.stop.aborted); // what is left to be written has no time to lose
  assert.equal(requests.receive("SIGINT", 9_000), undefined);
});
