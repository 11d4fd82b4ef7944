import assert from "node:assert/strict";
import fc from "fast-check";
import {
  deadLetterQueueName,
  isRetryQueueOf,
  overlongName,
  retryQueueName,
} from "../../../src/retry/queue_names.ts";
import { holds } from "../../support/property.ts";

Deno.test("retry queues are named after their delay", () => {
  const delays = [0, 500, 1_000, 1_500, 90_000, 120_000, 3_600_000, 86_400_000];
  assert.deepEqual(delays.map((ms) => retryQueueName("q", ms).replace("q.retry.", "")), [
    ...["0ms", "500ms", "1s", "1500ms", "90s", "2m", "1h", "1d"],
  ]);
});

Deno.test("different delays have different queues, and each is known for what it is", async () => {
  await holds(fc.property(fc.string(), fc.nat(), fc.nat(), (queue, a, b) => {
    assert.equal(retryQueueName(queue, a) === retryQueueName(queue, b), a === b);
    assert.ok(isRetryQueueOf(queue, retryQueueName(queue, a)));
    assert.ok(!isRetryQueueOf(`${queue}x`, retryQueueName(queue, a)));
  }));
  for (const name of ["q", "q.retry.", "q.retry.soon", "q.retry.1s.dead", "q.dead"]) {
    assert.ok(!isRetryQueueOf("q", name), name);
  }
});

Deno.test("a name of more than 255 bytes is found", () => {
  assert.equal(overlongName([deadLetterQueueName("q".repeat(250))]), undefined);
  const long = deadLetterQueueName("ä".repeat(126));
  assert.equal(overlongName(["q", long, "other"]), long);
});
