import { dotsIn } from "../numbers.ts";
import { type Hold, type Lane, lanesOf } from "../lanes.ts";
import { isTaskEvent, type Recording, type TaskEvent } from "../recording.ts";
import { eventText } from "./event_text.ts";
import type { Move, Place, Run, Work } from "./replay.ts";

/** More of a body is not shown. */
const MOST_CHARACTERS = 200;

/** Where each task is from when on, until the run is over as the picture has it. */
export function runOf(recording: Recording): Run {
  const { lanes, depths, endMs } = lanesOf(recording);
  const tasks = recording.tasks.map(({ task, body }) => ({
    task,
    body: body.slice(0, MOST_CHARACTERS),
    dots: dotsIn(body),
  }));
  const workMs = new Map(tasks.map(({ task, dots }) => [task, dots * recording.dotMs]));
  const works = new Map(
    lanes.flatMap(({ holds, lives }) =>
      holds.map((hold) => [workKey(hold), workOf(hold, lives, workMs.get(hold.task) ?? 0)])
    ),
  );
  const states = new Map<number, TaskState>();
  const moves = recording.events.filter(({ atMs }) => atMs <= endMs).map((event): Move => {
    const { atMs, kind, worker } = event;
    const said = { atMs, text: eventText(event), ...worker === undefined ? {} : { worker } };
    if (!isTaskEvent(event)) return { ...said, stage: event.kind };
    const before = states.get(event.task) ?? UNSENT;
    const after = stateAfter(event, before);
    states.set(event.task, after);
    const moved = after.place !== before.place || kind === "delivered";
    const work = kind === "started" ? works.get(workKey({ ...event, startMs: atMs })) : undefined;
    return {
      ...said,
      task: event.task,
      ...moved && after.place !== undefined ? { to: after.place } : {},
      ...work === undefined ? {} : { work },
      ...after.times === 0 ? {} : { times: after.times },
    };
  });
  return { tasks, workers: recording.workers, moves, depths, endMs };
}

function workKey({ task, worker, startMs }: Pick<Hold, "task" | "startMs"> & { worker?: string }) {
  return `${task} ${startMs} ${worker}`;
}

/** Work that was not done is drawn as far as it came, until its worker was gone. */
function workOf(
  { startMs, workEndMs, end }: Hold,
  lives: Lane["lives"],
  expectedMs: number,
): Work {
  if (end === "done" || end === "failed") return { untilMs: workEndMs, stopMs: workEndMs };
  const life = lives.findLast(({ fromMs }) => fromMs <= startMs);
  return {
    untilMs: expectedMs > 0 ? startMs + expectedMs : null,
    stopMs: Math.min(workEndMs, life?.toMs ?? Infinity),
  };
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
