import assert from "node:assert/strict";
import { sendEventJson, workEventJson } from "../../../src/cli/output/event_json.ts";
import { workEventLine, workSummaryText } from "../../../src/cli/output/work_event_text.ts";
import { drawProgress } from "../../../src/cli/output/progress.ts";
import { noCounts } from "../../../src/work/work_counts.ts";
import type { WorkEvent } from "../../../src/work/work_event.ts";

const DELIVERY = {
  body: new TextEncoder().encode("task."),
  deliveryTag: 3,
  redelivered: true,
  exchange: "",
  routingKey: "q",
  properties: {
    contentType: "text/plain",
    priority: 3,
    headers: {
      attempts: 2,
      at: { "!": "timestamp", value: Date.UTC(2026, 10, 28) / 1_000 },
      raw: Uint8Array.of(0xff),
    },
  },
  messageId: "id",
};

const SUMMARY = {
  reason: "count",
  ...noCounts(),
  done: 2,
  redelivered: 1,
  elapsedMs: 1_234.5,
} as const;

Deno.test("every work event has the documented fields", () => {
  const parse = (event: WorkEvent) => {
    const { at, ...fields } = JSON.parse(workEventJson(event, { queue: "q", worker: "C1" }));
    assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    return fields;
  };
  const common = { worker: "C1", queue: "q" };
  const delivery = { messageId: "id", deliveryTag: 3, redelivered: true, attempt: 2 };
  assert.deepEqual(parse({ event: "waiting" }), { event: "waiting", ...common });
  assert.deepEqual(parse({ event: "received", delivery: DELIVERY, attempt: 2 }), {
    event: "received",
    ...common,
    ...delivery,
    properties: { contentType: "text/plain", priority: 3 },
    headers: {
      attempts: 2,
      at: "2026-11-28T00:00:00.000Z",
      raw: { body: "/w==", encoding: "base64" },
    },
    body: "task.",
  });
  assert.deepEqual(
    parse({ event: "acked", delivery: { ...DELIVERY, deliveryCount: 4 }, attempt: 5 }),
    {
      event: "acked",
      ...common,
      ...delivery,
      deliveryCount: 4,
      attempt: 5,
    },
  );
  assert.deepEqual(parse({ event: "stopped", summary: SUMMARY }), {
    event: "stopped",
    ...common,
    ...SUMMARY,
    elapsedMs: 1_235,
  });
});

Deno.test("a failure is told with the exit code, never as an object of its own", () => {
  const summary = { ...SUMMARY, reason: "error", failure: new Error("secret state") } as const;
  const failure = { error: "it broke", exitCode: 69 };
  const json = workEventJson({ event: "stopped", summary }, { queue: "q" }, failure);
  assert.deepEqual([JSON.parse(json).error, JSON.parse(json).exitCode], ["it broke", 69]);
  assert.doesNotMatch(json, /secret state/);
});

Deno.test("send events tell what became of the message", () => {
  const message = { body: Uint8Array.of(0xff), messageId: "id" };
  const { at: _, ...fields } = JSON.parse(
    sendEventJson(
      { event: "returned", message, replyCode: 312, replyText: "NO_ROUTE" },
      { queue: "q" },
    ),
  );
  assert.deepEqual(fields, {
    event: "returned",
    queue: "q",
    messageId: "id",
    body: "/w==",
    encoding: "base64",
    replyCode: 312,
    replyText: "NO_ROUTE",
  });
});

Deno.test("a worker's name stands in front of its lines", () => {
  const line = (name?: string) =>
    workEventLine({ event: "received", delivery: DELIVERY, attempt: 2 }, {
      name,
      columns: () => undefined,
      verbose: false,
      command: false,
    })!.text;
  assert.equal(line(), " [x] Received 'task.' (redelivered)");
  assert.equal(line("C1"), "C1 [x] Received 'task.' (redelivered)");
});

Deno.test("a summary says only what happened", () => {
  assert.equal(
    workSummaryText(SUMMARY, {}),
    "Stopped: --count reached. 2 done, 1 redelivered, in 1.23 s",
  );
  assert.match(
    workSummaryText({ ...SUMMARY, requeued: 1, unfinished: 2, unacked: 3, lost: 4 }, {}),
    /1 given back to the queue, 2 not finished, 3 never acknowledged: .*, 4 LOST: /,
  );
  assert.match(
    workSummaryText({ ...SUMMARY, reason: "max-time", done: 1, dead: 1 }, { count: 3 }),
    /^Stopped: --max-time is over: 2 of 3\. 1 done, /,
  );
});

Deno.test("progress has a bar where the end is known", () => {
  assert.equal(
    drawProgress({ sent: 33_000, elapsedMs: 1_000, fraction: 0.5 }, 80),
    "[############------------]  50 %  33,000 sent  33,000/s",
  );
  const narrow = drawProgress({ sent: 33_000, elapsedMs: 1_000, fraction: 0.5 }, 40);
  assert.equal(narrow, "50 %  33,000 sent  33,000/s");
  assert.equal(drawProgress({ sent: 5, elapsedMs: 0 }, 80), "5 sent  0/s");
});
