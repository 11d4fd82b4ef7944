import fc from "fast-check";
import type { LabEvent, Recording } from "../../../../src/lab/recording.ts";

/** What chance decides about a run. */
interface Chances {
  readonly workers: readonly string[];
  readonly tasks: number;
  readonly prefetch: number;
  readonly concurrency: number;
  readonly ack: "manual" | "auto" | "never";
  /** One choice after the other, again and again. */
  readonly choices: readonly number[];
}

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 8,
});

/** Runs that could have happened: workers die and come back, the broker too, tasks are lost. */
export const recording: fc.Arbitrary<Recording> = recordingOf(fc.integer({ min: 1, max: 4 }));

/** The same, where a worker has one task in work at a time. */
export const oneByOne: fc.Arbitrary<Recording> = recordingOf(fc.constant(1));

function recordingOf(concurrency: fc.Arbitrary<number>): fc.Arbitrary<Recording> {
  return fc.record({
    workers: names,
    tasks: fc.integer({ min: 0, max: 60 }),
    prefetch: fc.integer({ min: 1, max: 20 }),
    concurrency,
    ack: fc.constantFrom("manual" as const, "auto" as const, "never" as const),
    choices: fc.array(fc.nat(999), { minLength: 5, maxLength: 200 }),
    words: fc.string({ maxLength: 120 }),
  }).map(({ words, ...chances }) => ({
    ...{ experiment: "generated", variant: words, broker: "none", dotMs: 100 },
    commands: [`worktool work ${words}`],
    workers: chances.workers,
    tasks: Array.from({ length: chances.tasks }, (_, n) => ({ task: n + 1, body: words })),
    events: eventsOf(chances),
  }));
}

function eventsOf({ workers, tasks, prefetch, concurrency, ack, choices }: Chances): LabEvent[] {
  const events: LabEvent[] = [];
  let atMs = 0;
  const queue: { task: number; redelivered: boolean }[] = [];
  const hands = new Map<string, { task: number; begun: boolean; done: boolean }[]>();
  let sent = 0;
  const add = (event: Omit<LabEvent, "atMs">) => events.push({ ...event, atMs } as LabEvent);
  const drop = (worker: string) => {
    for (const { task, done } of hands.get(worker) ?? []) {
      if (ack !== "auto") {
        queue.push({ task, redelivered: true });
        add({ kind: "requeued", task, worker } as LabEvent);
      } else if (!done) add({ kind: "lost", task, worker } as LabEvent);
    }
    hands.delete(worker);
  };
  for (let step = 0; step < 8 * tasks + 10; step++) {
    const choice = choices[step % choices.length]! + step;
    atMs += choice % 7 === 0 ? 0 : choice % 50;
    const worker = workers[choice % workers.length]!;
    const hand = hands.get(worker);
    if (hand === undefined) {
      hands.set(worker, []);
      add({ kind: "worker-started", worker });
    } else if (choice % 41 === 0) {
      add({ kind: choice % 2 === 0 ? "worker-killed" : "worker-stopped", worker });
      drop(worker);
    } else if (choice % 67 === 0) {
      add({ kind: "broker-stopped" });
      for (const worker of [...hands.keys()]) drop(worker);
      atMs += choice % 300;
      add({ kind: "broker-started" });
    } else if (sent < tasks && choice % 3 === 0) {
      queue.push({ task: ++sent, redelivered: false });
      add({ kind: "sent", task: sent } as LabEvent);
    } else if (queue.length > 0 && hand.length < prefetch) {
      const { task, redelivered } = queue.shift()!;
      if (choice % 29 === 0) {
        add({ kind: "lost", task } as LabEvent);
        continue;
      }
      hand.push({ task, begun: false, done: false });
      add({ kind: "delivered", task, worker, redelivered } as LabEvent);
      if (ack === "auto") add({ kind: "acked", task, worker } as LabEvent);
    } else {
      const working = hand.filter(({ begun, done }) => begun && !done);
      const waiting = hand.find(({ begun }) => !begun);
      if (waiting && working.length < concurrency) {
        waiting.begun = true;
        add({ kind: "started", task: waiting.task, worker } as LabEvent);
      } else if (working[0]) {
        const { task } = working[0];
        working[0].done = true;
        add({ kind: choice % 11 === 0 ? "failed" : "done", task, worker } as LabEvent);
        if (ack !== "never") hand.splice(hand.indexOf(working[0]), 1);
        if (ack === "manual") add({ kind: "acked", task, worker } as LabEvent);
      }
    }
  }
  return events;
}
