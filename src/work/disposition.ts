import { attemptsMade } from "../retry/attempts.ts";
import type { Delivery } from "../amqp/delivery.ts";
import { MessageNacked, UnencodableMessage } from "../amqp/errors.ts";
import type { Failure } from "../retry/failure.ts";
import type { Session } from "./session.ts";
import type { ReceivedTask } from "./received_task.ts";
import type { Settlement } from "./settlement.ts";
import type { WorkCounter } from "./work_counts.ts";
import type { WorkerOptions } from "./worker_options.ts";

type DispositionOptions = Pick<WorkerOptions, "ackMode" | "report">;

/** What becomes of tasks that are not simply done. */
export class Disposition {
  readonly #options: DispositionOptions;
  readonly #counter: WorkCounter;
  readonly #settlement: Settlement;

  constructor(
    options: DispositionOptions,
    counter: WorkCounter,
    settlement: Settlement,
  ) {
    this.#options = options;
    this.#counter = counter;
    this.#settlement = settlement;
  }

  /**
   * To the tail of its own queue, with the count of its attempts.
   *
   * @returns false where the queue does not take the copy back, because it is full for example
   * @throws {AmqpError} as `FailedTasks.recount` does; it is not acknowledged
   */
  async recount(task: ReceivedTask): Promise<boolean> {
    const { session, delivery, attempt } = task;
    try {
      await session.failedTasks!.recount(delivery);
    } catch (error) {
      if (error instanceof MessageNacked || error instanceof UnencodableMessage) return false;
      throw error;
    }
    this.#options.report.onEvent({ event: "recounted", delivery, attempt });
    this.#settlement.add(task, "moved", { atOnce: true });
    return true;
  }

  /**
   * Into a retry queue; or, where its headers are too large for that, into the dead-letter queue.
   *
   * @throws {AmqpError} as `FailedTasks.retry` and {@linkcode deadLetter} do; it is not
   *   acknowledged
   */
  async retry(task: ReceivedTask, failure: Failure): Promise<void> {
    const { session, delivery, attempt } = task;
    let delayMs;
    try {
      delayMs = await session.failedTasks!.retry(delivery, attempt);
    } catch (error) {
      if (!(error instanceof UnencodableMessage)) throw error;
      const reason = `${failure.reason}, and its headers are too large for another attempt`;
      return await this.deadLetter(task, attempt, { ...failure, reason });
    }
    this.#options.report.onEvent({ event: "retried", delivery, attempt, delayMs });
    this.#settlement.add(task, "retried", { atOnce: true });
  }

  /**
   * Into the dead-letter queue.
   *
   * @param attempt how often it was tried
   * @throws {AmqpError} as `FailedTasks.deadLetter` does; it is not acknowledged
   */
  async deadLetter(task: ReceivedTask, attempt: number, failure: Failure): Promise<void> {
    const { session, delivery } = task;
    const deadLetterQueue = await session.failedTasks!.deadLetter(delivery, attempt, failure);
    this.#options.report.onEvent({ event: "dead", delivery, attempt, failure, deadLetterQueue });
    this.#settlement.add(task, "dead", { atOnce: true });
  }

  /**
   * `basic.reject` without requeue, once its lines are written. @throws what `reported` rejects
   * with
   */
  async reject(task: ReceivedTask): Promise<void> {
    const { session, delivery, attempt } = task;
    await this.#options.report.reported();
    await session.assured();
    if (!session.reject(delivery)) return this.tooLate(task);
    session.started.delete(delivery);
    this.#counter.add("rejected");
    this.#options.report.onEvent({ event: "rejected", delivery, attempt });
  }

  /** Its session ended before it was begun, or while it ran and was ended too. */
  unfinished({ session, delivery }: ReceivedTask): void {
    session.started.delete(delivery);
    this.#counter.add("unfinished");
  }

  /** The broker has taken them back; what still runs ends as {@linkcode tooLate}. */
  released(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const attempt = attemptsMade(delivery) + 1;
      this.#options.report.onEvent({ event: "released", delivery, attempt });
    }
  }

  /** It is finished, but its session ended meanwhile: nobody may settle it on another channel. */
  tooLate(task: ReceivedTask): void {
    task.session.started.delete(task.delivery);
    this.#settlement.unsettled(task);
  }

  /**
   * Lets what must be isolated come again: a requeue would mark it as redelivered, and so as tried.
   */
  async snooze(session: Session, deliveries: readonly Delivery[]): Promise<void> {
    await Promise.all(deliveries.map((delivery) => session.failedTasks!.snooze(delivery)));
    await session.assured();
    if (deliveries.length === 0 || !session.ack(deliveries)) return;
    this.#counter.add("requeued", deliveries.length);
    for (const delivery of deliveries) {
      session.started.delete(delivery);
      const attempt = attemptsMade(delivery) + 1;
      this.#options.report.onEvent({ event: "requeued", delivery, attempt });
    }
  }

  /**
   * What is not going to be finished here goes back, unless the broker has forgotten it.
   *
   * @returns what the broker was asked to take back; {@linkcode requeued} is told whether it did
   */
  async requeue(
    session: Session | undefined,
    waiting: readonly Delivery[],
  ): Promise<readonly Delivery[]> {
    const { ackMode } = this.#options;
    const started = [...session?.started ?? []];
    // With "early", what has started is acknowledged; with "auto", everything is.
    const left = [...ackMode === "manual" || ackMode === "never" ? started : [], ...waiting];
    if (ackMode === "auto") left.length = 0;
    this.#counter.add("lost", started.length + waiting.length - left.length);
    const moved = await session?.republishToTail(left) ?? new Set<Delivery>();
    const returned = moved.size < left.length && session?.requeueAll() === true;
    const back = returned ? left : [...moved];
    this.#counter.add("unfinished", left.length - back.length);
    return back;
  }

  /** @param options.heard whether the broker has confirmed it */
  requeued(deliveries: readonly Delivery[], { heard }: { heard: boolean }): void {
    this.#counter.add(heard ? "requeued" : "unfinished", deliveries.length);
    if (!heard) return;
    for (const delivery of deliveries) {
      const attempt = attemptsMade(delivery) + 1;
      this.#options.report.onEvent({ event: "requeued", delivery, attempt });
    }
  }
}
