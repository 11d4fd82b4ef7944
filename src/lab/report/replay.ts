/** What the page's script replays: where each task goes, move by move. */
import { lanesOf, type QueueDepth } from "../lanes.ts";
import { isTaskEvent, type Recording, type StageEvent, type TaskEvent } from "../recording.ts";
import { eventText } from "./event_text.ts";

/** Where a task can be. */
export type Place =
  | "queue"
  /** In a worker's hand, its work not begun: prefetched. */
  | "waits"
  | "works"
  /** Its work is over, and the broker does not know yet. */
  | "held"
  | "done"
  | "lost"
  | "failed"
  | "retry"
  | "dead"
  | "expired"
  | "returned"
  | "refused"
  | "unknown";

export interface Move {
  readonly atMs: number;
  /** In words, without the time. */
  readonly text: string;
  readonly task?: number;
  /** Where the task goes; none where it stays. */
  readonly to?: Place;
  readonly worker?: string;
  /** When the work that begins here will be over. */
  readonly untilMs?: number;
  /** How often the task has been done so far, where it has. */
  readonly times?: number;
  /** What became of the worker, or where there is none, of the broker. */
  readonly stage?: StageEvent["kind"];
}

/** A recording, ready to be replayed. */
export interface Run {
  readonly tasks: Recording["tasks"];
  readonly workers: readonly string[];
  readonly moves: readonly Move[];
  /** The steps of the picture's curves. */
  readonly depths: readonly QueueDepth[];
  readonly endMs: number;
}

/** What an experiment's scrubber gets; all variants play at the same time. */
export interface Replay {
  readonly variants: readonly { readonly name: string; readonly runs: readonly Run[] }[];
}

/** Where each task is from when on. */
export function runOf(recording: Recording): Run {
  const { lanes, depths, endMs } = lanesOf(recording);
  const workEnds = new Map(
    lanes.flatMap(({ holds }) => holds)
      .map(({ task, worker, startMs, workEndMs }) => [workKey(task, worker, startMs), workEndMs]),
  );
  const tasks = new Map<number, TaskState>();
  const moves = recording.events.map((event): Move => {
    const { atMs, kind, worker } = event;
    const said = { atMs, text: eventText(event), ...worker === undefined ? {} : { worker } };
    if (!isTaskEvent(event)) return { ...said, stage: event.kind };
    const before = tasks.get(event.task) ?? UNSENT;
    const after = stateAfter(event, before);
    tasks.set(event.task, after);
    const untilMs = kind === "started"
      ? workEnds.get(workKey(event.task, worker, atMs))
      : undefined;
    return {
      ...said,
      task: event.task,
      ...after.place === undefined || after.place === before.place && kind !== "delivered"
        ? {}
        : { to: after.place },
      ...untilMs === undefined ? {} : { untilMs },
      ...after.times === 0 ? {} : { times: after.times },
    };
  });
  return { tasks: recording.tasks, workers: recording.workers, moves, depths, endMs };
}

function workKey(task: number, worker: string | undefined, startMs: number): string {
  return `${task} ${startMs} ${worker}`;
}

interface TaskState {
  readonly place: Place | undefined;
  /** The broker counts it as settled, whatever the worker still does with it. */
  readonly settled: boolean;
  /** How its work ended the last time. */
  readonly outcome: "done" | "failed";
  readonly times: number;
}

const UNSENT: TaskState = { place: undefined, settled: false, outcome: "done", times: 0 };

function stateAfter({ kind }: TaskEvent, before: TaskState): TaskState {
  switch (kind) {
    case "sent":
      // A confirm may come after the delivery.
      return before.place === undefined ? { ...before, place: "queue" } : before;
    case "found":
    case "requeued":
      return { ...before, place: "queue" };
    case "delivered":
      return { ...before, place: "waits", settled: false };
    case "started":
      return { ...before, place: "works" };
    case "done":
    case "failed":
      return {
        ...before,
        place: before.settled ? kind : "held",
        outcome: kind,
        times: before.times + (kind === "done" ? 1 : 0),
      };
    case "acked":
      // Acknowledged early, it is still in the worker's hand; a copy of it may be elsewhere.
      return before.place === "held"
        ? { ...before, place: before.outcome, settled: true }
        : { ...before, settled: true };
    case "retried":
      return { ...before, place: "retry" };
    default:
      return { ...before, place: kind };
  }
}
