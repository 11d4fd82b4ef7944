/** What several processes tell becomes one story. */
import assert from "node:assert/strict";
import { lanesOf } from "../../../src/lab/lanes.ts";
import { numbersOf } from "../../../src/lab/numbers.ts";
import { isTaskEvent, type LabEvent, type Recording } from "../../../src/lab/recording.ts";
import { Recorder, type Source } from "../../../src/lab/stage/recorder.ts";

const START_MS = Date.parse("2026-01-01T00:00:00.000Z");

/** Tells an event of a task, whose message id is "id-" and its body. */
function teller(recorder: Recorder, source: Source) {
  return (event: string, body: string, atMs: number, fields: object = {}) =>
    recorder.tell(source, {
      event,
      at: new Date(START_MS + atMs).toISOString(),
      messageId: `id-${body}`,
      ...(event === "sent" || event === "received" ? { body } : {}),
      ...fields,
    });
}

/** "delivered 1 C1" and so on, in their order. */
function story(events: readonly LabEvent[]): string[] {
  return events.map((event) =>
    [event.kind, isTaskEvent(event) ? event.task : undefined, event.worker]
      .filter((word) => word !== undefined).join(" ")
  );
}

Deno.test("recorder: one clock from the first task on, one number for a task", () => {
  const recorder = new Recorder(START_MS);
  recorder.expect(["a.", "b."]);
  const sender = teller(recorder, {});
  const worker = teller(recorder, { worker: "C1" });
  worker("delivered", "a.", 105);
  worker("received", "a.", 106);
  sender("sent", "a.", 104);
  sender("sent", "b.", 107);
  worker("delivered", "b.", 107);
  worker("done", "a.", 200);
  worker("acked", "a.", 200);
  const events = recorder.events();
  assert.deepEqual(story(events), [
    "sent 1",
    "delivered 1 C1",
    "started 1 C1",
    "sent 2",
    "delivered 2 C1",
    "done 1 C1",
    "acked 1 C1",
  ]);
  assert.deepEqual([events[0]!.atMs, events.at(-1)!.atMs], [0, 96]);
});

Deno.test("recorder: the order of one process is kept where the clock goes back", () => {
  const recorder = new Recorder(START_MS);
  recorder.expect(["a."]);
  const worker = teller(recorder, { worker: "C1" });
  worker("received", "a.", 50);
  worker("done", "a.", 20);
  worker("acked", "a.", 60);
  assert.deepEqual(story(recorder.events()), ["started 1 C1", "done 1 C1", "acked 1 C1"]);
});

Deno.test("recorder: a task that another worker gets was put back by the death of the first", () => {
  const recorder = new Recorder(START_MS);
  recorder.expect(["a."]);
  teller(recorder, {})("sent", "a.", 0);
  const first = teller(recorder, { worker: "C1" });
  first("delivered", "a.", 1);
  first("received", "a.", 1);
  teller(recorder, { worker: "C2" })("delivered", "a.", 30, { redelivered: true });
  const events = recorder.events();
  assert.deepEqual(story(events).slice(-2), ["requeued 1 C1", "delivered 1 C2"]);
});

Deno.test("recorder: what a worker does or the queue holds, and nobody sent, is unexpected", () => {
  const recorder = new Recorder(START_MS);
  recorder.expect(["a."]);
  teller(recorder, {})("sent", "a.", 0);
  const worker = teller(recorder, { worker: "C1" });
  for (const body of ["a.", "of another."]) {
    for (const event of ["delivered", "received", "done", "acked"]) worker(event, body, 1);
  }
  recorder.close(["left behind"], "lost");
  const { tasks } = recorder;
  assert.deepEqual(tasks.map(({ body, unexpected }) => [body, unexpected ?? false]), [
    ["a.", false],
    ["of another.", true],
    ["left behind", true],
  ]);
  const recording = { workers: ["C1"], tasks, events: recorder.events(), dotMs: 1 } as const;
  const { done, lost, unexpected } = numbersOf(recording as unknown as Recording);
  assert.deepEqual({ done, lost, unexpected }, { done: 1, lost: [], unexpected: [2, 3] });
});

Deno.test("recorder: what is nowhere at the end is lost, where the broker forgot it", () => {
  const recorder = new Recorder(START_MS);
  recorder.expect(["a.", "b.", "c."]);
  const sender = teller(recorder, {});
  for (const [n, body] of ["a.", "b.", "c."].entries()) sender("sent", body, n);
  const worker = teller(recorder, { worker: "C1", forgets: true });
  worker("delivered", "a.", 3);
  worker("received", "a.", 3);
  worker("done", "a.", 9);
  worker("delivered", "b.", 10);
  recorder.close(["c."], "lost");
  const events = recorder.events();
  assert.deepEqual(story(events).filter((line) => /lost|found/.test(line)).toSorted(), [
    "found 3",
    "lost 2 C1",
  ]);
  const { lost, depths } = lanesOf({ events, workers: ["C1"] } as unknown as Recording);
  assert.deepEqual(lost.map(({ task }) => task), [2]);
  assert.deepEqual(depths.map(({ unacked }) => unacked), depths.map(() => 0));
});

Deno.test("recorder: what is nowhere at the end has expired, where tasks may", () => {
  const recorder = new Recorder(START_MS);
  recorder.expect(["a.", "b."]);
  const sender = teller(recorder, {});
  sender("sent", "a.", 0);
  sender("sent", "b.", 100);
  recorder.close([], { expiredAfterMs: 50 });
  const expired = recorder.events().filter(({ kind }) => kind === "expired");
  assert.deepEqual(expired.map(({ atMs }) => atMs), [50, 150]);
});

Deno.test("recorder: two tasks of one name could not be told apart", () => {
  const recorder = new Recorder(START_MS);
  assert.throws(() => recorder.expect(["a.", "a."]), /two tasks are called a\./);
});
