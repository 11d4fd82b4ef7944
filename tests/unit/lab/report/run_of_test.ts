import assert from "node:assert/strict";
import type { LabEvent, Recording, TaskEvent } from "../../../../src/lab/recording.ts";
import type { Place } from "../../../../src/lab/report/replay.ts";
import { runOf } from "../../../../src/lab/report/run_of.ts";
import { ACKNOWLEDGMENT, FAIR_DISPATCH } from "./sample.ts";

type Kind = TaskEvent["kind"];

/** One task's life, and where it is after each event. */
const LIVES: readonly { name: string; life: readonly [Kind, Place | undefined][] }[] = [
  {
    name: "acknowledged when it is done",
    life: [
      ["sent", "queue"],
      ["delivered", "waits"],
      ["started", "works"],
      ["done", "held"],
      ["acked", "done"],
    ],
  },
  {
    name: "acknowledged before it is begun",
    life: [
      ["sent", "queue"],
      ["delivered", "waits"],
      ["acked", undefined],
      ["started", "works"],
      ["done", "done"],
    ],
  },
  {
    name: "confirmed after it was delivered",
    life: [["delivered", "waits"], ["sent", undefined], ["started", "works"]],
  },
  {
    name: "back in the queue, and done by the next",
    life: [
      ["sent", "queue"],
      ["delivered", "waits"],
      ["started", "works"],
      ["requeued", "queue"],
      ["delivered", "waits"],
    ],
  },
  {
    name: "failed, tried again, and dead",
    life: [
      ["delivered", "waits"],
      ["started", "works"],
      ["failed", "held"],
      ["retried", "retry"],
      ["acked", undefined],
      ["delivered", "waits"],
      ["started", "works"],
      ["failed", "held"],
      ["dead", "dead"],
      ["acked", undefined],
    ],
  },
  {
    name: "failed, and acknowledged before",
    life: [["delivered", "waits"], ["acked", undefined], ["started", "works"], [
      "failed",
      "failed",
    ]],
  },
  { name: "lost with its worker", life: [["delivered", "waits"], ["lost", "lost"]] },
  {
    name: "found after a restart",
    life: [["sent", "queue"], ["found", undefined], ["delivered", "waits"]],
  },
  { name: "expired", life: [["sent", "queue"], ["expired", "expired"]] },
  { name: "returned", life: [["returned", "returned"]] },
  { name: "refused", life: [["refused", "refused"]] },
  { name: "of which nobody knows", life: [["unknown", "unknown"]] },
];

for (const { name, life } of LIVES) {
  Deno.test(`where a task is: ${name}`, () => {
    const events = life.map(([kind], atMs): LabEvent => ({ atMs, kind, task: 1, worker: "C1" }));
    const { moves } = runOf(recordingOf(events));
    assert.deepEqual(moves.map(({ to }) => to), life.map(([, place]) => place));
  });
}

Deno.test("work is shown with its end, so that progress can be drawn", () => {
  const { moves } = runOf(FAIR_DISPATCH.variants[1]!.recordings[0]!);
  const works = moves.filter(({ to }) => to === "works");
  assert.equal(works.length, 8);
  for (const { task, atMs, work } of works) {
    const done = moves.find((move) => move.task === task && move.to === "held");
    assert.deepEqual(work, { untilMs: done!.atMs, stopMs: done!.atMs });
    assert.ok(work!.stopMs > atMs);
  }
});

Deno.test("work that was not done stops with its worker, on the way to its end", () => {
  for (const { recordings } of ACKNOWLEDGMENT.variants) {
    const { moves } = runOf(recordings[0]!);
    const { atMs, work } = moves.find(({ task, to }) => task === 1 && to === "works")!;
    assert.deepEqual(work, { untilMs: atMs + 300, stopMs: 180 });
  }
});

Deno.test("a task that is done twice is told with its number", () => {
  const events =
    (["delivered", "started", "done", "requeued", "delivered", "started", "done"] as const)
      .map((kind, atMs): LabEvent => ({ atMs, kind, task: 1, worker: "C1" }));
  assert.deepEqual(runOf(recordingOf(events)).moves.map(({ times }) => times), [
    undefined,
    undefined,
    1,
    1,
    1,
    1,
    2,
  ]);
});

Deno.test("the replay ends where the picture does", () => {
  const { moves, endMs } = runOf(recordingOf([
    { atMs: 1, kind: "sent", task: 1 },
    { atMs: 2, kind: "worker-stopped", worker: "C1" },
    { atMs: 3, kind: "found", task: 1 },
  ]));
  assert.equal(endMs, 1);
  assert.deepEqual(moves.map(({ text }) => text), ["task 1 is sent"]);
});

Deno.test("what becomes of workers is in it", () => {
  const { moves } = runOf(ACKNOWLEDGMENT.variants[0]!.recordings[0]!);
  const killed = moves.find(({ stage }) => stage === "worker-killed");
  assert.equal(killed?.worker, "C1");
  assert.equal(killed?.text, "C1 is killed");
  assert.equal(killed?.task, undefined);
});

function recordingOf(events: readonly LabEvent[]): Recording {
  return {
    experiment: "e",
    variant: "v",
    broker: "b",
    commands: [],
    dotMs: 1,
    workers: ["C1"],
    tasks: [{ task: 1, body: "Task" }],
    events,
  };
}
