import { median, quantile } from "simple-statistics";
import { lanesOf } from "./lanes.ts";
import { isTaskEvent, type Recording } from "./recording.ts";

/** What one run comes to; times in ms, tasks by their numbers. */
export interface RunNumbers {
  /** From the start of the first work to the end of the last. */
  readonly makespanMs: number;
  /** No schedule is faster for what was done: all work shared evenly, and no task is split. */
  readonly optimumMs: number;
  /** Tasks done by each worker, in the order of the lanes. */
  readonly shares: readonly { readonly worker: string; readonly done: number }[];
  /** Jain's index of the time that each worker worked: 1 is even, 1/n is one worker alone. */
  readonly jain: number;
  /** From sent to the start of its work. */
  readonly waitingMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Of the workers' time from the first start to the last end, from 0 to 1. */
  readonly idle: number;
  readonly peakReady: number;
  readonly peakUnacked: number;
  /** Of those that were sent. */
  readonly done: number;
  readonly lost: readonly number[];
  readonly expired: readonly number[];
  readonly refused: readonly number[];
  /** Done more than once. */
  readonly duplicated: readonly number[];
  /** Delivered again after their worker was gone, and done. */
  readonly recovered: readonly number[];
  /** Done, or found when the run was over, and sent by nobody. */
  readonly unexpected: readonly number[];
}

/** How many tasks were meant to be done. */
export function expectedCount({ tasks }: Pick<Recording, "tasks">): number {
  return tasks.filter(({ unexpected }) => !unexpected).length;
}

/** Works out what a run came to. Times in ms, shares from 0 to 1, tasks by their numbers. */
export function numbersOf(recording: Recording): RunNumbers {
  const { lanes, depths } = lanesOf(recording);
  const holds = lanes.flatMap(({ holds }) => holds);
  const worked = holds.filter(({ startMs }) => startMs < Infinity);
  const done = worked.filter(({ end }) => end === "done");
  const first = Math.min(...worked.map(({ startMs }) => startMs));
  const last = Math.max(...worked.map(({ workEndMs }) => workEndMs));
  const makespanMs = worked.length === 0 ? 0 : last - first;
  const busyMs = lanes.map(({ holds }) =>
    holds.filter(({ startMs }) => startMs < Infinity)
      .reduce((sum, { startMs, workEndMs }) => sum + workEndMs - startMs, 0)
  );
  const doneTasks = done.map(({ task }) => task);
  const unsent = new Set(
    recording.tasks.filter(({ unexpected }) => unexpected).map(({ task }) => task),
  );
  const tasksOf = (kind: string) => [
    ...new Set(
      recording.events.filter(isTaskEvent)
        .filter((event) => event.kind === kind).map(({ task }) => task),
    ),
  ];
  return {
    makespanMs,
    optimumMs: optimumMs(recording, new Set(doneTasks)),
    shares: lanes.map(({ worker, holds }) => ({
      worker,
      done: holds.filter(({ end }) => end === "done").length,
    })),
    jain: jainIndex(busyMs),
    waitingMs: waitingMs(recording),
    idle: makespanMs === 0
      ? 0
      : 1 - busyMs.reduce((a, b) => a + b, 0) / (makespanMs * lanes.length),
    peakReady: Math.max(...depths.map(({ ready }) => ready)),
    peakUnacked: Math.max(...depths.map(({ unacked }) => unacked)),
    done: new Set(doneTasks).difference(unsent).size,
    lost: tasksOf("lost"),
    expired: tasksOf("expired"),
    refused: tasksOf("refused"),
    duplicated: [...new Set(doneTasks.filter((task, at) => doneTasks.indexOf(task) !== at))],
    recovered: [...new Set(done.filter(({ redelivered }) => redelivered).map(({ task }) => task))],
    unexpected: [...new Set([...doneTasks, ...tasksOf("found")]).intersection(unsent)],
  };
}

function optimumMs({ tasks, workers, dotMs }: Recording, done: ReadonlySet<number>): number {
  const works = tasks.filter(({ task }) => done.has(task)).map(({ body }) => dotsIn(body) * dotMs);
  const total = works.reduce((a, b) => a + b, 0);
  return Math.max(total / Math.max(1, workers.length), ...works);
}

/** The work that a body asks for: one dot is one unit of it. */
export function dotsIn(body: string): number {
  return body.split(".").length - 1;
}

/** (Σx)² / (n Σx²); 1 where nobody did anything. */
export function jainIndex(amounts: readonly number[]): number {
  const squares = amounts.reduce((sum, x) => sum + x * x, 0);
  if (squares === 0) return 1;
  return amounts.reduce((a, b) => a + b, 0) ** 2 / (amounts.length * squares);
}

function waitingMs({ events }: Recording): RunNumbers["waitingMs"] {
  const sent = new Map<number, number>();
  const waits: number[] = [];
  for (const event of events) {
    if (!isTaskEvent(event)) continue;
    if (event.kind === "sent") sent.set(event.task, event.atMs);
  }
  const started = new Set<number>();
  for (const event of events) {
    if (!isTaskEvent(event) || event.kind !== "started" || started.has(event.task)) continue;
    started.add(event.task);
    waits.push(Math.max(0, event.atMs - (sent.get(event.task) ?? event.atMs)));
  }
  if (waits.length === 0) return { p50: 0, p99: 0, max: 0 };
  return { p50: median(waits), p99: quantile(waits, 0.99), max: Math.max(...waits) };
}

/** The chance of a loss is below this with 95 % certainty, where none of `n` tasks was lost. */
export function lossBound(n: number): number {
  return n === 0 ? 1 : 1 - 0.05 ** (1 / n);
}

const RESAMPLES = 2_000;

/**
 * The difference of the medians of two samples, `a` less `b`, with the interval in which 95 % of
 * the differences of resampled ones lie. The same samples give the same interval.
 */
export function medianDifference(
  a: readonly number[],
  b: readonly number[],
): { difference: number; low: number; high: number } {
  const random = generator(a.length * 31 + b.length);
  const resampled = (values: readonly number[]) =>
    median(values.map(() => values[Math.floor(random() * values.length)]!));
  const differences = Array.from({ length: RESAMPLES }, () => resampled(a) - resampled(b));
  return {
    difference: median([...a]) - median([...b]),
    low: quantile(differences, 0.025),
    high: quantile(differences, 0.975),
  };
}

/** Numbers from 0 to below 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
