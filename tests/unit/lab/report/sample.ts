/** Two experiments as they could have come out, the same at every call. */
import type { ExperimentReport } from "../../../../src/lab/experiment_report.ts";
import type { LabEvent, RecordedTask, Recording } from "../../../../src/lab/recording.ts";

const TUTORIAL = {
  title: "RabbitMQ tutorial 2, “Work queues”",
  url: "https://www.rabbitmq.com/tutorials/tutorial-two-javascript",
};
const BROKER = "embedded, as RabbitMQ 4.3";
const DOT_MS = 100;
const WORKERS = ["C1", "C2"];

/** C1 is killed, and C2 gets its tasks. */
const MANUAL: readonly LabEvent[] = [
  { atMs: 20, kind: "delivered", task: 1, worker: "C1" },
  { atMs: 20, kind: "delivered", task: 2, worker: "C2" },
  { atMs: 21, kind: "started", task: 1, worker: "C1" },
  { atMs: 21, kind: "started", task: 2, worker: "C2" },
  { atMs: 21, kind: "delivered", task: 3, worker: "C1" },
  { atMs: 21, kind: "delivered", task: 4, worker: "C2" },
  { atMs: 180, kind: "worker-killed", worker: "C1" },
  { atMs: 184, kind: "requeued", task: 1, worker: "C1", reason: "its worker is gone" },
  { atMs: 184, kind: "requeued", task: 3, worker: "C1", reason: "its worker is gone" },
  { atMs: 186, kind: "delivered", task: 1, worker: "C2", redelivered: true },
  { atMs: 186, kind: "delivered", task: 3, worker: "C2", redelivered: true },
  ...[2, 4, 1, 3].flatMap((task, at): LabEvent[] => {
    const doneMs = 321 + at * 301;
    const started: LabEvent = { atMs: doneMs - 300, kind: "started", task, worker: "C2" };
    return [
      ...at === 0 ? [] : [started],
      { atMs: doneMs, kind: "done", task, worker: "C2" },
      { atMs: doneMs, kind: "acked", task, worker: "C2" },
    ];
  }),
  { atMs: 1_260, kind: "worker-stopped", worker: "C2" },
];

/** C1 is killed, and its tasks with it. */
const AUTO: readonly LabEvent[] = [
  ...[1, 2, 3, 4].flatMap((task): LabEvent[] => [
    { atMs: 19 + task, kind: "delivered", task, worker: task % 2 === 1 ? "C1" : "C2" },
    { atMs: 19 + task, kind: "acked", task, worker: task % 2 === 1 ? "C1" : "C2" },
  ]),
  { atMs: 24, kind: "started", task: 1, worker: "C1" },
  { atMs: 24, kind: "started", task: 2, worker: "C2" },
  { atMs: 180, kind: "worker-killed", worker: "C1" },
  { atMs: 324, kind: "done", task: 2, worker: "C2" },
  { atMs: 325, kind: "started", task: 4, worker: "C2" },
  { atMs: 625, kind: "done", task: 4, worker: "C2" },
  { atMs: 640, kind: "lost", task: 1, worker: "C1" },
  { atMs: 640, kind: "lost", task: 3, worker: "C1" },
  { atMs: 640, kind: "worker-stopped", worker: "C2" },
];

export const FAIR_DISPATCH: ExperimentReport = {
  name: "fair-dispatch",
  title: "Prefetch 1 gives the next task to whoever is free",
  claim: "A broker that hands out tasks as they come gives one worker all the heavy ones. " +
    "Told to keep no more than one unacknowledged task at each worker, it waits until one is free.",
  source: TUTORIAL,
  question:
    "Eight tasks, heavy and light in turn, for two workers. Only the number of tasks that " +
    "a worker may hold unacknowledged differs. The best that two workers could do is 0.80 s.",
  broker: BROKER,
  variants: [0, 1].map((prefetch) => {
    const recording = fairDispatch(prefetch);
    return { name: recording.variant, commands: recording.commands, recordings: [recording] };
  }),
  tables: [
    {
      title: "Time until the last task is done, and who did how much",
      columns: ["", "makespan", "of the optimum", "C1", "C2", "waiting p50", "waiting max"],
      rows: [
        ["prefetch 0", "1.22 s", "1.52", "75 %", "25 %", "203 ms", "901 ms"],
        ["prefetch 1", "0.83 s", "1.03", "50 %", "50 %", "203 ms", "702 ms"],
      ],
      note: "The optimum is the work of all tasks, shared evenly.",
    },
  ],
  verdict: "as the tutorial says",
  because: "With prefetch 1 all is done after 0.83 s instead of 1.22 s.",
};

export const ACKNOWLEDGMENT: ExperimentReport = {
  name: "acknowledgment",
  title: "A dead worker’s task is done by another, or lost",
  claim:
    "If a worker dies without an acknowledgment, its task goes back to the queue and another " +
    "worker gets it soon. With automatic acknowledgment it is gone.",
  source: TUTORIAL,
  question: "Four tasks for two workers, and C1 is killed in the middle of its first one. The " +
    "number of tasks that nobody did is counted when the queue is empty and all workers wait.",
  broker: BROKER,
  variants: (["manual", "auto"] as const).map((ack) => {
    const recording = acknowledgment(ack);
    return { name: recording.variant, commands: recording.commands, recordings: [recording] };
  }),
  tables: [
    {
      title: "What became of the tasks",
      columns: ["", "sent", "done", "recovered", "lost", "which"],
      rows: [
        ["ack manual", "4", "4", "1", "0", "–"],
        ["ack auto", "4", "2", "0", "2", "1, 3"],
      ],
    },
  ],
  verdict: "not shown",
  because: "Of one run no rule follows: 0 of 4 lost can be chance, up to 53 % lost would fit.",
};

export const SAMPLE: readonly ExperimentReport[] = [FAIR_DISPATCH, ACKNOWLEDGMENT];

function fairDispatch(prefetch: number): Recording {
  const tasks = Array.from({ length: 8 }, (_, at): RecordedTask => ({
    task: at + 1,
    body: at % 2 === 0 ? `Heavy ${at + 1}...` : `Light ${at + 1}.`,
  }));
  return {
    experiment: "fair-dispatch",
    variant: `prefetch ${prefetch}`,
    broker: BROKER,
    commands: [
      `worktool send --queue lab-fair ${tasks.map(({ body }) => `"${body}"`).join(" ")}`,
      `worktool work --queue lab-fair --dot ${DOT_MS}ms --prefetch ${prefetch} --name C1`,
      `worktool work --queue lab-fair --dot ${DOT_MS}ms --prefetch ${prefetch} --name C2`,
    ],
    dotMs: DOT_MS,
    workers: WORKERS,
    tasks,
    events: dispatched(tasks, prefetch === 0 ? Infinity : prefetch),
  };
}

/** Both workers are there, all tasks are sent, and each worker has as many as it may. */
function dispatched(tasks: readonly RecordedTask[], prefetch: number): LabEvent[] {
  const events: LabEvent[] = WORKERS.map((worker) => ({ atMs: 0, kind: "worker-started", worker }));
  const workers = WORKERS.map((name) => ({ name, hand: [] as RecordedTask[], freeAtMs: 0 }));
  events.push(...tasks.map(({ task }): LabEvent => ({ atMs: 10 + task, kind: "sent", task })));
  const queue = [...tasks];
  const begin = (worker: typeof workers[number], atMs: number) => {
    const next = worker.hand[0];
    worker.freeAtMs = next ? atMs + 1 + DOT_MS * next.body.split(".").length - DOT_MS : Infinity;
    if (next) {
      events.push({ atMs: atMs + 1, kind: "started", task: next.task, worker: worker.name });
    }
  };
  const deliver = (worker: typeof workers[number], atMs: number) => {
    const next = worker.hand.length < prefetch ? queue.shift() : undefined;
    if (!next) return;
    events.push({ atMs, kind: "delivered", task: next.task, worker: worker.name });
    if (worker.hand.push(next) === 1) begin(worker, atMs);
  };
  tasks.forEach(({ task }, at) => deliver(workers[at % workers.length]!, 12 + task));
  for (let left = tasks.length; left > 0; left--) {
    const worker = workers.toSorted((one, other) => one.freeAtMs - other.freeAtMs)[0]!;
    const atMs = worker.freeAtMs;
    const { task } = worker.hand.shift()!;
    events.push({ atMs, kind: "done", task, worker: worker.name });
    events.push({ atMs, kind: "acked", task, worker: worker.name });
    begin(worker, atMs);
    deliver(worker, atMs + 3);
  }
  return events.toSorted((one, other) => one.atMs - other.atMs);
}

function acknowledgment(ack: "manual" | "auto"): Recording {
  const tasks = [1, 2, 3, 4].map((task) => ({ task, body: `Task ${task}...` }));
  return {
    experiment: "acknowledgment",
    variant: `ack ${ack}`,
    broker: BROKER,
    commands: [
      `worktool send --queue lab-ack ${tasks.map(({ body }) => `"${body}"`).join(" ")}`,
      `worktool work --queue lab-ack --dot ${DOT_MS}ms --ack ${ack} --name C1 & kill -KILL $!`,
      `worktool work --queue lab-ack --dot ${DOT_MS}ms --ack ${ack} --name C2`,
    ],
    dotMs: DOT_MS,
    workers: WORKERS,
    tasks,
    events: [
      { atMs: 0, kind: "worker-started", worker: "C1" },
      { atMs: 0, kind: "worker-started", worker: "C2" },
      ...tasks.map(({ task }): LabEvent => ({ atMs: 10 + task, kind: "sent", task })),
      ...ack === "manual" ? MANUAL : AUTO,
    ],
  };
}
