import { setImmediate } from "node:timers";
import type { ReceivedTask } from "./received_task.ts";
import type { Session } from "./session.ts";
import type { WorkCounter } from "./work_counts.ts";
import type { WorkerOptions } from "./worker_options.ts";

type SettlementOptions = Pick<WorkerOptions, "ackMode" | "session" | "report">;

/** How a task came to its end; "moved" is a copy at the tail of its own queue. */
type Ending = "done" | "retried" | "dead" | "moved";

interface Finished extends ReceivedTask {
  readonly ending: Ending;
}

/**
 * Acknowledges tasks once their lines are written, those that finished in one turn of the event
 * loop together.
 */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #counter: WorkCounter;
  readonly #onSettled: () => void;
  readonly #onFailure: (failure: unknown) => void;
  #finished: Finished[] = [];
  /** The last settlement under way; the others come before it. */
  #settling: Promise<void> | undefined;
  #pending = 0;

  constructor(
    options: SettlementOptions,
    counter: WorkCounter,
    { onSettled, onFailure }: { onSettled: () => void; onFailure: (failure: unknown) => void },
  ) {
    this.#options = options;
    this.#counter = counter;
    this.#onSettled = onSettled;
    this.#onFailure = onFailure;
  }

  /** Tasks whose settlement is under way. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether forgotten acks use up the whole prefetch: the broker will deliver nothing more. */
  get stalled(): boolean {
    const { unacked } = this.#counter;
    return unacked > 0 && unacked === this.#options.session.consume.prefetchCount;
  }

  /** @param options.atOnce not together with what else finishes in this turn */
  add(task: ReceivedTask, ending: Ending, { atOnce }: { atOnce: boolean }): void {
    this.#pending++;
    this.#count(ending, 1);
    if (this.#finished.push({ ...task, ending }) === 1 && !atOnce) {
      setImmediate(() => this.#settle());
    }
    if (atOnce) this.#settle();
  }

  /** Resolves when everything that was added is settled. */
  async settleAll(): Promise<void> {
    this.#settle();
    await this.#settling;
  }

  /** `basic.ack` for tasks of one session; false where it has ended. */
  ack(session: Session, tasks: readonly ReceivedTask[]): boolean {
    if (!session.ack(tasks.map(({ delivery }) => delivery))) return false;
    for (const { delivery, attempt } of tasks) {
      this.#options.report.onEvent({ event: "acked", delivery, attempt });
    }
    return true;
  }

  /** Its session ended before it was settled: the broker delivers it again. */
  unsettled({ delivery, attempt }: ReceivedTask): void {
    this.#counter.add("unsettled");
    this.#options.report.onEvent({ event: "unsettled", delivery, attempt });
  }

  #settle(): void {
    const tasks = this.#finished;
    if (tasks.length === 0) return;
    this.#finished = [];
    const settle = () => {
      this.#pending -= tasks.length;
      this.#settleReported(tasks);
      this.#onSettled();
    };
    this.#settling = this.#options.report.reported().then(() => {
      const assured = assuredSessionOf(tasks);
      return assured ? assured.then(settle) : settle();
    }, (failure) => {
      for (const { ending } of tasks) this.#count(ending, -1); // they are requeued
      this.#onFailure(failure);
    });
  }

  #settleReported(tasks: readonly Finished[]): void {
    const { ackMode, report } = this.#options;
    for (const { session, delivery } of tasks) session.started.delete(delivery);
    if (ackMode === "manual") this.#ackAll(tasks);
    if (ackMode !== "never") return;
    this.#counter.add("unacked", tasks.length);
    if (this.stalled) report.onEvent({ event: "stalled", unacked: this.#counter.unacked });
  }

  #ackAll(tasks: readonly Finished[]): void {
    for (const [session, group] of Map.groupBy(tasks, ({ session }) => session)) {
      if (this.ack(session, group)) continue;
      for (const task of group) {
        this.#count(task.ending, -1);
        this.unsettled(task);
      }
    }
  }

  #count(ending: Ending, by: number): void {
    if (ending !== "moved") this.#counter.add(ending, by);
  }
}

/** Only one session is alive: what the others delivered cannot be settled any more. */
function assuredSessionOf(tasks: readonly ReceivedTask[]): Promise<void> | undefined {
  return tasks.find(({ session }) => session.alive)?.session.assured();
}
