import { max } from "d3-array";
import { isTaskEvent, type LabEvent, type Recording, type TaskEvent } from "./recording.ts";

/** A task in the hands of a worker, from its arrival until it leaves; times in ms. */
export interface Hold {
  readonly task: number;
  readonly worker: string;
  readonly redelivered: boolean;
  readonly deliveredMs: number;
  /** Infinity where its work never began. */
  readonly startMs: number;
  /** When its work ended, or it left without. */
  readonly workEndMs: number;
  /** When it left: settled, requeued, or lost with its worker. */
  readonly endMs: number;
  readonly end:
    /** Its work was done (with `--ack never` it is not acknowledged all the same). */
    | "done"
    | "failed"
    /** Back in the queue, unfinished. */
    | "requeued"
    /** Unfinished, and nowhere. */
    | "lost"
    /** The run ended before. */
    | "open";
  /** Done, and not acknowledged: the broker keeps it until the worker goes. */
  readonly unackedAfter: boolean;
  /** Who had it before, where it comes from another worker, or again from this one. */
  readonly from: { readonly worker: string; readonly atMs: number } | undefined;
}

export interface Lane {
  readonly worker: string;
  readonly holds: readonly Hold[];
  /** When it was there: several times where it was started again. */
  readonly lives: readonly { fromMs: number; toMs: number; killed: boolean }[];
}

/** Messages ready and unacknowledged from a time on. */
export interface QueueDepth {
  readonly atMs: number;
  readonly ready: number;
  readonly unacked: number;
}

export interface Lanes {
  readonly lanes: readonly Lane[];
  /** Steps in the order of time; the first is at 0. */
  readonly depths: readonly QueueDepth[];
  /** When the broker was away. */
  readonly outages: readonly { fromMs: number; toMs: number }[];
  /** Tasks that are nowhere, and when that was so. */
  readonly lost: readonly {
    readonly task: number;
    readonly worker: string | undefined;
    readonly atMs: number;
  }[];
  /** When the last thing happened. */
  readonly endMs: number;
}

/** Who had what, and when. */
export function lanesOf(recording: Recording): Lanes {
  const { events, workers } = recording;
  const endMs = Math.max(
    recording.untilMs ?? 0,
    max(events.filter(isOfTheStory), ({ atMs }) => atMs) ?? 0,
  );
  const holds = holdsOf(events, endMs);
  return {
    lanes: workers.map((worker) => ({
      worker,
      holds: holds.filter((hold) => hold.worker === worker),
      lives: livesOf(worker, events, endMs),
    })),
    depths: depthsOf(events),
    outages: outagesOf(events, endMs),
    lost: events.filter(isTaskEvent).filter(({ kind }) => kind === "lost")
      .map(({ task, worker, atMs }) => ({ task, worker, atMs })),
    endMs,
  };
}

/**
 * Not what comes after the last work, as workers are stopped and the queue is looked at; but what a
 * worker never acknowledged it has until then.
 */
function isOfTheStory({ kind }: LabEvent): boolean {
  return kind !== "worker-stopped" && kind !== "found";
}

type OpenHold = { -readonly [K in keyof Hold]: Hold[K] } & { acked: boolean };

function holdsOf(events: readonly LabEvent[], endMs: number): Hold[] {
  const all: OpenHold[] = [];
  const open = new Map<string, OpenHold>();
  const lastOf = new Map<number, { worker: string; atMs: number }>();
  const key = ({ task, worker }: TaskEvent) => `${task} ${worker}`;
  const close = (event: TaskEvent, end: Hold["end"]) => {
    const hold = open.get(key(event));
    if (hold === undefined) return;
    open.delete(key(event));
    hold.endMs = event.atMs;
    if (hold.end === "open") {
      hold.end = end;
      hold.workEndMs = event.atMs;
    }
    lastOf.set(hold.task, { worker: hold.worker, atMs: event.atMs });
  };
  for (const event of events) {
    if (!isTaskEvent(event) || event.worker === undefined) continue;
    const hold = open.get(key(event));
    switch (event.kind) {
      case "delivered": {
        const fresh: OpenHold = {
          task: event.task,
          worker: event.worker,
          redelivered: event.redelivered ?? false,
          deliveredMs: event.atMs,
          startMs: Infinity,
          workEndMs: Infinity,
          endMs: Infinity,
          end: "open",
          unackedAfter: false,
          acked: false,
          from: lastOf.get(event.task),
        };
        all.push(fresh);
        open.set(key(event), fresh);
        break;
      }
      case "started":
        if (hold) hold.startMs = event.atMs;
        break;
      case "done":
      case "failed":
        if (!hold) break;
        hold.workEndMs = event.atMs;
        hold.end = event.kind;
        hold.unackedAfter = !hold.acked;
        hold.endMs = event.atMs;
        if (hold.acked) close(event, event.kind);
        break;
      case "acked":
        if (!hold) break;
        hold.acked = true;
        hold.unackedAfter = false;
        if (hold.end !== "open") close(event, "done");
        break;
      case "retried":
      case "dead":
      case "requeued":
        close(event, "requeued");
        break;
      case "lost":
        close(event, "lost");
    }
  }
  for (const hold of all) {
    hold.endMs = Math.min(hold.endMs, endMs);
    if (hold.unackedAfter && open.get(`${hold.task} ${hold.worker}`) === hold) hold.endMs = endMs;
    hold.workEndMs = Math.min(hold.workEndMs, endMs);
  }
  return all;
}

function livesOf(worker: string, events: readonly LabEvent[], endMs: number): Lane["lives"] {
  const lives: { fromMs: number; toMs: number; killed: boolean }[] = [];
  for (const event of events) {
    if (isTaskEvent(event) || event.worker !== worker) continue;
    if (event.kind === "worker-started") {
      lives.push({ fromMs: event.atMs, toMs: endMs, killed: false });
    } else {
      const last = lives.at(-1);
      if (last) Object.assign(last, { toMs: event.atMs, killed: event.kind === "worker-killed" });
    }
  }
  return lives;
}

function outagesOf(events: readonly LabEvent[], endMs: number): Lanes["outages"] {
  const outages: { fromMs: number; toMs: number }[] = [];
  for (const { kind, atMs } of events) {
    if (kind === "broker-stopped") outages.push({ fromMs: atMs, toMs: endMs });
    else if (kind === "broker-started" && outages.length > 0) outages.at(-1)!.toMs = atMs;
  }
  return outages;
}

/** What the events say of the queue: where a task is, as the broker sees it. */
function depthsOf(events: readonly LabEvent[]): QueueDepth[] {
  type Place = "ready" | "unacked" | "out";
  const places = new Map<number, Place>();
  const counts = { ready: 0, unacked: 0, out: 0 };
  const depths: QueueDepth[] = [{ atMs: 0, ready: 0, unacked: 0 }];
  const moves: Partial<Record<LabEvent["kind"], Place>> = {
    sent: "ready",
    delivered: "unacked",
    requeued: "ready",
    acked: "out",
    retried: "out",
    dead: "out",
    expired: "out",
    lost: "out",
    found: "ready",
  };
  for (const event of events) {
    if (!isTaskEvent(event)) continue;
    const to = moves[event.kind];
    if (to === undefined) continue;
    const from = places.get(event.task);
    // A confirm may come after the delivery.
    if (event.kind === "sent" && from !== undefined) continue;
    if (from !== undefined) counts[from]--;
    counts[to]++;
    places.set(event.task, to);
    const { ready, unacked } = counts;
    const last = depths.at(-1)!;
    if (last.atMs === event.atMs) depths.pop();
    depths.push({ atMs: event.atMs, ready, unacked });
  }
  return depths;
}
