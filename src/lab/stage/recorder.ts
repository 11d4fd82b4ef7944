import {
  isTaskEvent,
  type LabEvent,
  type RecordedTask,
  type StageEvent,
  type TaskEvent,
} from "../recording.ts";

/** One object of `--json`, as far as the lab reads it; docs/events.md. */
export interface ToldEvent {
  readonly event: string;
  /** ISO 8601. */
  readonly at: string;
  readonly messageId?: string;
  readonly body?: string;
  readonly redelivered?: boolean;
  readonly confirmMs?: number;
}

/** Where events come from: a sender or a worker, each a process with an order of its own. */
export interface Source {
  /** Undefined for a sender. */
  readonly worker?: string;
  /** `--ack auto`: the broker forgets a task as it delivers it. */
  readonly forgets?: boolean;
}

interface Told {
  readonly atMs: number;
  readonly source: Source;
  readonly told: ToldEvent;
}

/** Events of the sender that say what became of a task. */
const OF_SENDER: readonly string[] = ["sent", "returned", "refused", "unknown"];

/** How worktool's own events are called here, where the worker still has the task. */
const OF_WORKER: Readonly<Record<string, TaskEvent["kind"]>> = {
  delivered: "delivered",
  received: "started",
  done: "done",
  failed: "failed",
  acked: "acked",
  retried: "retried",
  dead: "dead",
  requeued: "requeued",
  recounted: "requeued",
  unsettled: "requeued",
  released: "requeued",
};

/** What became of tasks that are nowhere when a run is over: lost, or expired after that long. */
export type Missing = "lost" | { readonly expiredAfterMs: number };

/**
 * Puts together what several processes tell of the same tasks: one clock, one number for a task,
 * and what no process can tell: that the death of a worker has put its tasks back.
 */
export class Recorder {
  readonly #startMs: number;
  readonly #tasks: RecordedTask[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #told: Told[] = [];
  /** By their message ids. */
  readonly #done = new Set<string | undefined>();
  readonly #stage: StageEvent[] = [];
  readonly #closing: TaskEvent[] = [];

  /** @param startMs milliseconds since 1970 */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  get tasks(): readonly RecordedTask[] {
    return this.#tasks;
  }

  /** Tasks that will be sent; no two bodies are the same. */
  expect(bodies: readonly string[]): void {
    for (const body of bodies) {
      if (this.#numbers.has(body)) throw new Error(`two tasks are called ${body}`);
      this.#add(body);
    }
  }

  /** Sent tasks are expected before they are sent: whatever else there is was sent by nobody. */
  #seen(body: string): void {
    if (!this.#numbers.has(body)) this.#add(body, { unexpected: true });
  }

  #add(body: string, how: Pick<RecordedTask, "unexpected"> = {}): void {
    const task = this.#tasks.length + 1;
    this.#numbers.set(body, task);
    this.#tasks.push({ task, body, ...how });
  }

  tell(source: Source, told: ToldEvent): void {
    if (told.event === "done") this.#done.add(told.messageId);
    if (source.worker !== undefined && told.body !== undefined) this.#seen(told.body);
    this.#told.push({ atMs: Date.parse(told.at) - this.#startMs, source, told });
  }

  /** What the lab itself does to workers and to the broker. */
  stage(kind: StageEvent["kind"], worker?: string): void {
    const atMs = Date.now() - this.#startMs;
    this.#stage.push(worker === undefined ? { atMs, kind } : { atMs, kind, worker });
  }

  /** How many tasks were done. */
  get doneCount(): number {
    return this.#done.size;
  }

  /** The run is over: these are still in the queue, and what was not done is nowhere. */
  close(found: readonly string[], missing: Missing): void {
    const atMs = Date.now() - this.#startMs;
    for (const body of found) this.#seen(body);
    const over = new Set<number>();
    const wasSent = new Map<number, number>();
    const lastHolder = new Map<number, string>();
    for (const event of this.#events()) {
      if (!isTaskEvent(event)) continue;
      if (event.kind === "sent" || event.kind === "delivered") wasSent.set(event.task, event.atMs);
      if (event.kind === "done" || event.kind === "dead") over.add(event.task);
      if (event.kind === "delivered") lastHolder.set(event.task, event.worker!);
    }
    const waiting = new Set(found.map((body) => this.#numbers.get(body)));
    for (const { task } of this.#tasks) {
      if (waiting.has(task)) this.#closing.push({ atMs, kind: "found", task });
      else if (wasSent.has(task) && !over.has(task)) {
        this.#closing.push(
          missing === "lost"
            ? this.#lost(task, lastHolder.get(task), atMs)
            : { atMs: wasSent.get(task)! + missing.expiredAfterMs, kind: "expired", task },
        );
      }
    }
  }

  /** Lost with its worker, else with the broker, else nobody knows when. */
  #lost(task: number, worker: string | undefined, endMs: number): TaskEvent {
    const death = this.#stage.findLast((event) =>
      worker === undefined ? event.kind === "broker-stopped" : event.worker === worker &&
        event.kind === "worker-killed"
    );
    const atMs = death?.atMs ?? endMs;
    const kind = "lost";
    return worker === undefined ? { atMs, kind, task } : { atMs, kind, task, worker };
  }

  /**
   * All that is known, in the order of time, from the moment on when there was a first task; more
   * may be known later.
   */
  events(): LabEvent[] {
    return this.story().events;
  }

  /** The events, and how long it goes on for by now, in ms; 0 before the first task. */
  story(): { readonly events: LabEvent[]; readonly untilMs: number } {
    const events = [...this.#events(), ...this.#closing].sort((a, b) => a.atMs - b.atMs);
    const zeroMs = events.find(isTaskEvent)?.atMs;
    const since = (ms: number) => Math.max(0, ms - (zeroMs ?? ms));
    return {
      events: events.map((event) => ({ ...event, atMs: since(event.atMs) })),
      untilMs: since(Date.now() - this.#startMs),
    };
  }

  #events(): LabEvent[] {
    const numbers = this.#numbersOfIds();
    const events: LabEvent[] = [];
    /** Who has a task that the broker waits for. */
    const holders = new Map<number, string>();
    const requeue = (atMs: number, task: number, worker: string, reason: string) => {
      holders.delete(task);
      events.push({ atMs, kind: "requeued", task, worker, reason });
    };
    const requeueAllOf = (atMs: number, worker: string, reason: string) => {
      for (const [task, holder] of holders) {
        if (holder === worker) requeue(atMs, task, worker, reason);
      }
    };
    for (const { atMs, source, told, stage } of this.#merged()) {
      if (stage !== undefined) {
        if (stage.worker !== undefined && stage.kind !== "worker-started") {
          const reason = stage.kind === "worker-killed" ? "its worker died" : "its worker stopped";
          requeueAllOf(atMs, stage.worker, reason);
        }
        events.push({ ...stage, atMs });
        continue;
      }
      const { worker } = source!;
      if (worker !== undefined && told!.event === "reconnecting") {
        requeueAllOf(atMs, worker, "the connection was lost");
      }
      const task = numbers.get(told!.messageId ?? "");
      if (task === undefined) continue;
      if (worker === undefined) {
        if (OF_SENDER.includes(told!.event)) {
          events.push({ atMs, kind: told!.event as TaskEvent["kind"], task });
        }
        continue;
      }
      const kind = OF_WORKER[told!.event];
      if (kind === undefined) continue;
      if (kind === "delivered") {
        const holder = holders.get(task);
        // Its death is noticed a little later than the broker notices it.
        if (holder !== undefined) requeue(atMs, task, holder, "its worker died");
        events.push({ atMs, kind, task, worker, redelivered: told!.redelivered ?? false });
        if (source!.forgets) events.push({ atMs, kind: "acked", task, worker });
        else holders.set(task, worker);
      } else if (kind === "requeued") {
        if (holders.get(task) === worker) requeue(atMs, task, worker, told!.event);
      } else {
        if (kind === "acked" || kind === "retried" || kind === "dead") holders.delete(task);
        events.push({ atMs, kind, task, worker });
      }
    }
    return events;
  }

  /** Whoever tells a body tells whose id it is. */
  #numbersOfIds(): Map<string, number> {
    const numbers = new Map<string, number>();
    for (const { told: { messageId, body } } of this.#told) {
      const number = body === undefined ? undefined : this.#numbers.get(body);
      if (messageId !== undefined && number !== undefined) numbers.set(messageId, number);
    }
    return numbers;
  }

  /** In the order of time; what one process tells stays in its order. */
  #merged(): { atMs: number; source?: Source; told?: ToldEvent; stage?: StageEvent }[] {
    const latest = new Map<Source, number>();
    const told = this.#told.map(({ atMs, source, told }) => {
      const notBefore = Math.max(0, atMs, latest.get(source) ?? 0);
      latest.set(source, notBefore);
      return { atMs: notBefore, source, told };
    });
    const stage = this.#stage.map((event) => ({ atMs: event.atMs, stage: event }));
    return [...told, ...stage].sort((a, b) => a.atMs - b.atMs);
  }
}
