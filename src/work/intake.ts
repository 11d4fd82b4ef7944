import type { Delivery } from "../amqp/delivery.ts";
import { attemptsMade } from "../retry/attempts.ts";
import type { Fifo } from "./fifo.ts";
import type { Isolation } from "./isolation.ts";
import type { ReceivedTask } from "./received_task.ts";
import type { Session } from "./session.ts";
import type { Settlement } from "./settlement.ts";
import type { WorkCounter } from "./work_counts.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** Finished tasks whose lines are not written yet, at the most. */
const MAX_UNREPORTED = 256;

export interface IntakeContext {
  /** What has arrived and was not started. */
  readonly waiting: Fifo<ReceivedTask>;
  readonly counter: WorkCounter;
  readonly settlement: Settlement;
  readonly isolation: Isolation;
  /** Told once the intake is open; before that nobody knows yet that tasks may arrive. */
  readonly onDelivered: (task: ReceivedTask) => void;
  /** Begins the work; {@linkcode Intake.ended} is told when it is over. */
  readonly start: (task: ReceivedTask) => void;
  /** Something arrived or finished. */
  readonly onChange: () => void;
  /** As many tasks as `--count` says are ended and settled. */
  readonly onCount: () => void;
}

/** Which tasks are taken and which are started: as many as `--concurrency` and `--count` allow. */
export class Intake {
  readonly #options: Pick<WorkerOptions, "concurrency" | "rules">;
  readonly #context: IntakeContext;
  readonly #waiting: Fifo<ReceivedTask>;
  #session: Session | undefined;
  #running = 0;
  #isOpen = false;
  #hasEnded = false;
  #onIdle: (() => void) | undefined;

  constructor(options: Pick<WorkerOptions, "concurrency" | "rules">, context: IntakeContext) {
    this.#options = options;
    this.#context = context;
    this.#waiting = context.waiting;
  }

  /** Tasks that are worked on. */
  get running(): number {
    return this.#running;
  }

  /** Whether there is anything in hand; to wait for a broker is not to be idle. */
  get isBusy(): boolean {
    return !this.#isOpen || this.#inHand > 0;
  }

  /** Whether every task that has arrived was started. */
  get isDrained(): boolean {
    return this.#waiting.size === 0;
  }

  /** From "waiting" on tasks may be started, */
  open(session: Session): void {
    this.#session = session;
    this.#isOpen = true;
    for (const task of this.#waiting) {
      if (task.session === session) this.#context.onDelivered(task);
    }
    this.#adjustConsuming(); // tasks may have arrived together with basic.consume-ok
    this.#startTasks();
  }

  /** until the session ends; those that run go on, */
  close(): void {
    this.#isOpen = false;
  }

  /** and never again after this. */
  end(): void {
    this.#hasEnded = true;
  }

  /** A task was delivered: it is started at once or waits, or the isolation turns it away. */
  arrived(session: Session, delivery: Delivery): void {
    const task = { session, delivery, attempt: attemptsMade(delivery) + 1 };
    this.#waiting.push(task);
    if (this.#isOpen) this.#context.onDelivered(task);
    this.#context.onChange();
    this.#adjustConsuming();
    if (!this.#context.isolation.turnsAway(session, delivery)) this.#startTasks();
  }

  /** A task that was started is over, whatever came of it. */
  ended(): void {
    this.#running--;
    this.#context.onChange();
    this.#endByCount();
    this.#adjustConsuming();
    this.#startTasks();
    if (this.#running === 0) this.#onIdle?.();
  }

  /** Some tasks are settled. */
  settled(): void {
    this.#endByCount();
    this.#startTasks();
  }

  /** Resolves when nothing runs any more; asked once, after {@linkcode end}. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    await promise;
  }

  /** Takes out what was not started. */
  takeWaiting(): Delivery[] {
    return this.#waiting.takeAll().map(({ delivery }) => delivery);
  }

  /** Tasks received and not brought to an end. */
  get #inHand(): number {
    return this.#running + this.#waiting.size;
  }

  /** How many tasks `--count` still wants to be started. */
  get #wanted(): number {
    return (this.#options.rules.count ?? Infinity) - this.#context.counter.ended;
  }

  /**
   * Cancels as the last wanted task arrives, not after its work: no other task is borrowed
   * meanwhile. Consumes again when one of them is not brought to its end after all.
   */
  #adjustConsuming(): void {
    if (this.#options.rules.count === undefined || this.#hasEnded) return;
    // Where it fails, the session ends too.
    this.#session?.setConsuming(this.#inHand < this.#wanted)?.catch(() => {});
  }

  /** Not before the last one is settled: the broker may deliver it again after all. */
  #endByCount(): void {
    if (this.#wanted <= 0 && this.#context.settlement.pending === 0) this.#context.onCount();
  }

  #startTasks(): void {
    const { concurrency } = this.#options;
    const { settlement, isolation, start } = this.#context;
    while (
      this.#isOpen && !this.#hasEnded && this.#running < Math.min(concurrency, this.#wanted) &&
      settlement.pending < MAX_UNREPORTED
    ) {
      const task = this.#waiting.peek();
      if (!task || isolation.keepsBack(task, this.#running)) return;
      this.#waiting.shift();
      this.#running++;
      start(task);
    }
  }
}
