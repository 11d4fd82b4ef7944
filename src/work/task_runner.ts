import type { Failure } from "../retry/failure.ts";
import type { Disposition } from "./disposition.ts";
import type { Grace } from "./grace.ts";
import type { Intake } from "./intake.ts";
import type { Isolation } from "./isolation.ts";
import { CommandUnusable, type Outcome } from "./outcome.ts";
import type { ReceivedTask } from "./received_task.ts";
import type { Session } from "./session.ts";
import type { Settlement } from "./settlement.ts";
import type { WorkCounter } from "./work_counts.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** Of a task whose last attempt nobody finished. */
const NO_ATTEMPT_LEFT: Failure = {
  reason: "no attempt left: its worker died, or lost its connection",
};

type TaskRunnerOptions = Pick<WorkerOptions, "ackMode" | "handler" | "report">;

export interface TaskRunnerContext {
  readonly intake: Intake;
  readonly isolation: Isolation;
  readonly disposition: Disposition;
  readonly settlement: Settlement;
  readonly counter: WorkCounter;
  readonly grace: Grace;
  /** Aborted when the worker ends, for whatever reason. */
  readonly ended: AbortSignal;
  /** The worker cannot go on. */
  readonly onFailure: (failure: unknown) => void;
}

/** Brings tasks from their start to their end: triage, the attempt, and what becomes of it. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #context: TaskRunnerContext;
  readonly #disposition: Disposition;
  /** Under way to other queues. */
  readonly #moves = new Set<Promise<unknown>>();

  constructor(options: TaskRunnerOptions, context: TaskRunnerContext) {
    this.#options = options;
    this.#context = context;
    this.#disposition = context.disposition;
  }

  /** Resolves when the task is over, and the intake has been told; does not reject. */
  async run(task: ReceivedTask): Promise<void> {
    const { session, delivery } = task;
    session.started.add(delivery);
    try {
      switch (session.failedTasks?.triage(delivery)) {
        case "recount":
          if (!await this.#moved(this.#disposition.recount(task))) await this.#try(task);
          break;
        case "exhausted":
          await this.#moved(this.#disposition.deadLetter(task, task.attempt - 1, NO_ATTEMPT_LEFT));
          break;
        case "run isolated":
          await this.#tryIsolated(task);
          break;
        default:
          await this.#try(task);
      }
    } catch (failure) {
      await this.#cannotSettle(task, failure, { finished: false });
    }
    this.#context.intake.ended();
  }

  async #tryIsolated(task: ReceivedTask): Promise<void> {
    const { isolation, ended } = this.#context;
    await isolation.during(task.session, () => ended.aborted ? undefined : this.#try(task));
  }

  async #try(task: ReceivedTask): Promise<void> {
    const { ackMode, report: { onEvent, reported } } = this.#options;
    const { counter, settlement, intake } = this.#context;
    const { session, delivery, attempt } = task;
    if (delivery.redelivered) counter.add("redelivered");
    onEvent({ event: "received", delivery, attempt });
    if (ackMode === "early") {
      await reported();
      await session.assured();
      if (!settlement.ack(session, [task])) return this.#disposition.tooLate(task);
    }
    const startedAtMs = performance.now();
    const outcome = await this.#outcomeOf(task);
    if (!outcome) {
      if (!session.alive) this.#disposition.unfinished(task); // else it is requeued
      return;
    }
    const elapsedMs = performance.now() - startedAtMs;
    if (outcome.kind === "done") {
      onEvent({ event: "done", delivery, attempt, elapsedMs });
      if (!session.alive && ackMode === "manual") return this.#disposition.tooLate(task);
      return settlement.add(task, "done", { atOnce: intake.isDrained });
    }
    const { failure } = outcome;
    onEvent({ event: "failed", delivery, attempt, elapsedMs, failure });
    if (outcome.kind === "stop") {
      return this.#context.onFailure(new CommandUnusable(failure, { taskTaken: true }));
    }
    if (!session.alive) return this.#disposition.tooLate(task);
    if (outcome.kind === "reject") return await this.#disposition.reject(task);
    const again = outcome.kind === "retry" && session.failedTasks!.hasNext(attempt);
    try {
      const move = again
        ? this.#disposition.retry(task, failure)
        : this.#disposition.deadLetter(task, attempt, failure);
      await this.#moved(move);
    } catch (error) {
      await this.#cannotSettle(task, error, { finished: true });
    }
  }

  /** Undefined where the work was not finished: it took longer than the grace after a stop. */
  async #outcomeOf({ delivery, attempt }: ReceivedTask): Promise<Outcome | undefined> {
    const { signal } = this.#context.grace;
    try {
      const outcome = await this.#options.handler(delivery, { attempt, abort: signal });
      return signal.aborted ? undefined : outcome;
    } catch (error) {
      if (!signal.aborted) this.#context.onFailure(error);
      return undefined;
    }
  }

  /** Awaits the move of a task, and lets others know that it is under way. */
  async #moved<T>(move: Promise<T>): Promise<T> {
    this.#moves.add(move);
    try {
      return await move;
    } finally {
      this.#moves.delete(move);
    }
  }

  /** Ends the session, so that the broker delivers the task again. */
  async #cannotSettle(
    task: ReceivedTask,
    failure: unknown,
    { finished }: { finished: boolean },
  ): Promise<void> {
    const { intake, grace } = this.#context;
    intake.close();
    // Moves that are confirmed after all are acknowledged first: else those tasks are there twice.
    await Promise.race([this.#settleMoved(task.session), grace.over]);
    // At the end of the grace moves are ended too, and their tasks requeued.
    if (grace.isOver && task.session.alive) return;
    task.session.fail(failure);
    if (finished) this.#disposition.tooLate(task);
    else this.#disposition.unfinished(task);
  }

  /** Resolves when the broker has handled the acks of all moves that are under way. */
  async #settleMoved(session: Session): Promise<void> {
    await Promise.allSettled(this.#moves);
    await this.#context.settlement.settleAll();
    if (session.alive) await session.settled().catch(() => {}); // the session ends anyway
  }
}
