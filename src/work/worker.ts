import { attemptsMade, mustBeIsolated } from "../retry/attempts.ts";
import { GOODBYE_MS } from "../amqp/connection.ts";
import type { Delivery } from "../amqp/delivery.ts";
import {
  ConnectAborted,
  ConnectFailed,
  DeadlineExceeded,
  tookDeliveriesBack,
} from "../amqp/errors.ts";
import { Reconnection, type ReconnectionOptions } from "../amqp/reconnection.ts";
import { noCounts, type WorkEvent, type WorkSummary } from "./work_event.ts";
import { Disposition } from "./disposition.ts";
import { Fifo } from "./fifo.ts";
import { CommandUnusable, type Handler, type Outcome } from "./outcome.ts";
import type { ReceivedTask } from "./received_task.ts";
import { Session, type SessionOptions } from "./session.ts";
import { type AckMode, Settlement } from "./settlement.ts";
import { isSignal, type StopReason, type StopRules } from "./stop_rules.ts";
import { StopWatch } from "./stop_watch.ts";

/** Finished tasks whose lines are not written yet, at the most. */
const MAX_UNREPORTED = 256;

/** Of a task whose last attempt nobody finished. */
const NO_ATTEMPT_LEFT = { reason: "no attempt left: its worker died, or lost its connection" };

export interface WorkerOptions {
  readonly session: Omit<SessionOptions, "noAck">;
  readonly reconnection: ReconnectionOptions;
  readonly ackMode: AckMode;
  /** Tasks worked on at the same time, 1 or more. */
  readonly concurrency: number;
  readonly handler: Handler;
  readonly rules: StopRules;
  /** Aborted with the name of a signal as its reason to stop in order. */
  readonly stop: AbortSignal;
  /** How long running tasks may go on after a stop. */
  readonly graceMs: number;
  readonly onEvent: (event: WorkEvent) => void;
  /** Resolves when all events so far are written; a task is not acknowledged before. */
  readonly reported: () => Promise<void>;
}

/**
 * Consumes one queue until a stop rule, a signal, or a failure that no new connection heals.
 *
 * On return the consumer is cancelled, every delivery is settled or requeued, and the broker has
 * confirmed it by closing the channel in order (unless the failure is that it went away).
 */
export async function runWorker(options: WorkerOptions): Promise<WorkSummary> {
  return await new Worker(options).run();
}

class Worker {
  readonly #options: WorkerOptions;
  readonly #reconnection: Reconnection;
  readonly #settlement: Settlement;
  readonly #disposition: Disposition;
  readonly #watch: StopWatch;
  readonly #waiting = new Fifo<ReceivedTask>();
  readonly #abort = new AbortController();
  readonly #counts = noCounts();
  /** Aborted when the worker ends, for whatever reason. */
  readonly #ended = new AbortController();
  #session: Session | undefined;
  /** Why there is no session, as long as there never was one. */
  #absence: unknown;
  /** Whether tasks may be started: between "waiting" and the end of a session. */
  #open = false;
  #running = 0;
  /** Under way to other queues. */
  readonly #moves = new Set<Promise<unknown>>();
  /** Whether a task has the worker for itself, or waits until it has. */
  #isolation: "soon" | "now" | undefined;
  /** Ends what `run` waits for. */
  #wake: (() => void) | undefined;
  #stop: { readonly reason: StopReason; readonly failure?: unknown } | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: WorkerOptions) {
    const startedAtMs = performance.now();
    this.#options = options;
    this.#reconnection = new Reconnection(options.reconnection);
    this.#settlement = new Settlement(options, this.#counts, {
      onSettled: () => {
        this.#endByCount();
        this.#startTasks();
      },
      onFailure: (failure) => this.#end("error", failure),
    });
    this.#disposition = new Disposition(options, this.#counts, this.#settlement);
    this.#watch = new StopWatch(options.rules, {
      isBusy: () => !this.#open || this.#inHand > 0, // to wait for a broker is not idle
      isEmpty: () => this.#queueIsEmpty(),
      isStalled: () => this.#settlement.stalled,
      end: (reason, failure) => {
        if (this.#session) this.#end(reason, failure);
        else this.#end("error", this.#absence ?? noBrokerWithin(performance.now() - startedAtMs));
      },
    });
  }

  async run(): Promise<WorkSummary> {
    const { stop, onEvent } = this.#options;
    const startedAtMs = performance.now();
    const onSignal = () => this.#end(stop.reason as StopReason);
    stop.addEventListener("abort", onSignal, { once: true });
    if (stop.aborted) onSignal();
    else this.#watch.start();
    while (!this.#stop) {
      const failure = await this.#serve();
      if (failure !== undefined) await this.#pauseAfter(failure);
    }
    await this.#finish();
    stop.removeEventListener("abort", onSignal);
    clearTimeout(this.#graceTimer);
    const summary = { ...this.#stop, ...this.#counts, elapsedMs: performance.now() - startedAtMs };
    onEvent({ event: "stopped", summary });
    return summary;
  }

  /** Consumes until the worker is stopped (then undefined) or the session fails (then why). */
  async #serve(): Promise<unknown> {
    const { session: options, ackMode, onEvent } = this.#options;
    const again = this.#session !== undefined;
    try {
      this.#session = await Session.open(
        { ...options, noAck: ackMode === "auto" },
        { stop: this.#ended.signal, limitMs: this.#reconnection.limitMs },
        (session, delivery) => this.#arrive(session, delivery),
      );
    } catch (failure) {
      return failure instanceof ConnectAborted ? undefined : failure;
    }
    this.#reconnection.succeeded();
    if (again) {
      this.#counts.reconnects++;
      onEvent({ event: "reconnected" });
    } else onEvent({ event: "waiting" });
    if (!again && this.#session.mayOutlastBroker) onEvent({ event: "short-of-time" });
    this.#open = true;
    this.#watch.touch(); // idle time begins here
    this.#adjustIntake(); // tasks may have arrived together with basic.consume-ok
    this.#startTasks();
    // No Promise.race with something that lives as long as the worker: it would never let go.
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#session.ended.then(resolve);
    this.#wake = () => resolve(undefined);
    return this.#stop ? undefined : await promise;
  }

  /** Lets go of what the broker delivers again, and waits until it is time to connect again. */
  async #pauseAfter(failure: unknown): Promise<void> {
    this.#open = false;
    this.#absence = failure;
    const running = [...this.#session?.started ?? []];
    // With "auto" they are only here.
    const waiting = this.#options.ackMode === "auto" ? [] : this.#takeWaiting();
    if (tookDeliveriesBack(failure)) this.#disposition.released([...running, ...waiting]);
    const closing = this.#session?.[Symbol.asyncDispose]();
    const delayMs = this.#stop ? undefined : this.#reconnection.delayAfter(failure, Math.random());
    if (delayMs === undefined) this.#end("error", failure);
    else {
      this.#options.onEvent({ event: "reconnecting", failure, delayMs });
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, delayMs);
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
    }
    await closing;
  }

  #arrive(session: Session, delivery: Delivery): void {
    this.#waiting.push({ session, delivery, attempt: attemptsMade(delivery) + 1 });
    this.#watch.touch();
    this.#adjustIntake();
    if (this.#isolation === "now" && mustBeIsolated(delivery)) {
      this.#disposition.snooze(session, this.#takeIsolated()).catch((failure) =>
        session.fail(failure)
      );
    } else this.#startTasks();
  }

  /** Tasks received and not brought to an end. */
  get #inHand(): number {
    return this.#running + this.#waiting.size;
  }

  /** How many tasks `--count` still wants to be started. */
  get #wanted(): number {
    const { done, dead, rejected } = this.#counts;
    return (this.#options.rules.count ?? Infinity) - done - dead - rejected;
  }

  /**
   * Cancels as the last wanted task arrives, not after its work: no other task is borrowed
   * meanwhile. Consumes again when one of them is not brought to its end after all.
   */
  #adjustIntake(): void {
    if (this.#options.rules.count === undefined || this.#stop) return;
    this.#session?.setConsuming(this.#inHand < this.#wanted)?.catch(() => {}); // the session ends too
  }

  /** Not before the last one is settled: the broker may deliver it again after all. */
  #endByCount(): void {
    if (this.#wanted <= 0 && this.#settlement.pending === 0) this.#end("count");
  }

  #startTasks(): void {
    const { concurrency } = this.#options;
    while (
      this.#open && !this.#stop && this.#running < Math.min(concurrency, this.#wanted) &&
      this.#settlement.pending < MAX_UNREPORTED
    ) {
      const task = this.#waiting.peek();
      if (!task || this.#isolation || (mustBeIsolated(task.delivery) && this.#running > 0)) return;
      this.#waiting.shift();
      void this.#work(task);
    }
  }

  async #work(task: ReceivedTask): Promise<void> {
    const { session, delivery } = task;
    this.#running++;
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
    this.#running--;
    this.#watch.touch();
    this.#endByCount();
    this.#adjustIntake();
    this.#startTasks();
    if (this.#stop && this.#running === 0) this.#wake?.();
  }

  /**
   * Tries one that is given up if its worker dies now: nothing runs beside it, and no other such task
   * is in hand, because that one would be given up with it. Others may come meanwhile; they wait.
   */
  async #tryIsolated(task: ReceivedTask): Promise<void> {
    const { session } = task;
    this.#isolation = "soon";
    try {
      await this.#settlement.settleAll();
      do {
        await this.#disposition.snooze(session, this.#takeIsolated());
        await session.settled(); // what has arrived in its place is here now
      } while (this.#waiting.some(({ delivery }) => mustBeIsolated(delivery)));
      this.#isolation = "now";
      if (!this.#stop) await this.#try(task);
    } finally {
      this.#isolation = undefined;
    }
  }

  #takeWaiting(): Delivery[] {
    return this.#waiting.takeAll().map(({ delivery }) => delivery);
  }

  /** Takes out what waits here to be tried in isolation. */
  #takeIsolated(): Delivery[] {
    const waiting = this.#waiting.takeAll();
    for (const task of waiting) if (!mustBeIsolated(task.delivery)) this.#waiting.push(task);
    return waiting.map(({ delivery }) => delivery).filter(mustBeIsolated);
  }

  async #try(task: ReceivedTask): Promise<void> {
    const { ackMode, onEvent, reported } = this.#options;
    const { session, delivery, attempt } = task;
    if (delivery.redelivered) this.#counts.redelivered++;
    onEvent({ event: "received", delivery, attempt });
    if (ackMode === "early") {
      await reported();
      await session.assured();
      if (!this.#settlement.ack(session, [task])) return this.#disposition.tooLate(task);
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
      return this.#settlement.add(task, "done", { atOnce: this.#waiting.size === 0 });
    }
    const { failure } = outcome;
    onEvent({ event: "failed", delivery, attempt, elapsedMs, failure });
    if (outcome.kind === "stop") {
      return this.#end("error", new CommandUnusable(failure, { taskTaken: true }));
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

  /** Awaits the move of a task, and lets others know that it is under way. */
  async #moved<T>(move: Promise<T>): Promise<T> {
    this.#moves.add(move);
    try {
      return await move;
    } finally {
      this.#moves.delete(move);
    }
  }

  /** Resolves when the broker has handled the acks of all moves that are under way. */
  async #settleMoved(session: Session): Promise<void> {
    await Promise.allSettled(this.#moves);
    await this.#settlement.settleAll();
    if (session.alive) await session.settled().catch(() => {}); // the session ends anyway
  }

  /** Ends the session, so that the broker delivers the task again. */
  async #cannotSettle(
    task: ReceivedTask,
    failure: unknown,
    { finished }: { finished: boolean },
  ): Promise<void> {
    this.#open = false;
    // Moves that are confirmed after all are acknowledged first: else those tasks are there twice.
    await Promise.race([this.#settleMoved(task.session), whenAborted(this.#abort.signal)]);
    // At the end of the grace moves are ended too, and their tasks requeued.
    if (this.#abort.signal.aborted && task.session.alive) return;
    task.session.fail(failure);
    if (finished) this.#disposition.tooLate(task);
    else this.#disposition.unfinished(task);
  }

  /** Undefined where the work was not finished: it took longer than the grace after a stop. */
  async #outcomeOf({ delivery, attempt }: ReceivedTask): Promise<Outcome | undefined> {
    const { signal } = this.#abort;
    try {
      const outcome = await this.#options.handler(delivery, { attempt, abort: signal });
      return signal.aborted ? undefined : outcome;
    } catch (error) {
      if (!signal.aborted) this.#end("error", error);
      return undefined;
    }
  }

  /**
   * Nothing ready, twice in a row with no delivery between: RabbitMQ may answer "0 ready" while a
   * delivery to us waits behind that answer, but it cannot overtake the second one.
   */
  async #queueIsEmpty(): Promise<boolean | undefined> {
    const session = this.#session;
    if (!session?.alive) return undefined;
    const arrivedBefore = this.#watch.touches;
    if ((await session.failedTasks?.waiting() ?? 0) > 0) return false;
    for (let look = 0; look < 2; look++) {
      const ready = await session.ready();
      if (ready === undefined) return undefined;
      if (ready > 0) return false;
    }
    return this.#watch.touches === arrivedBefore;
  }

  /** The first reason to stop wins; running tasks then have the grace time to finish. */
  #end(reason: StopReason, failure?: unknown): void {
    if (this.#stop) return;
    this.#stop = failure === undefined ? { reason } : { reason, failure };
    if (reason === "error") this.#abort.abort();
    else {
      const { graceMs, onEvent } = this.#options;
      this.#graceTimer = setTimeout(() => this.#abort.abort(), graceMs);
      const running = this.#running;
      if (isSignal(reason) && running > 0) onEvent({ event: "stopping", reason, running, graceMs });
      this.#session?.setConsuming(false)?.catch(() => {}); // #finish looks at the outcome
    }
    this.#watch.stop();
    this.#ended.abort();
    this.#wake?.();
  }

  /** Requeues what was not finished; the broker has handled all settlements when it closes the channel. */
  async #finish(): Promise<void> {
    const failed = (failure: unknown) => {
      if (this.#stop!.reason !== "error") this.#stop = { reason: "error", failure };
    };
    const { promise: idle, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const abandonMoves = () => void this.#session?.failedTasks?.abandonMoves();
    this.#abort.signal.addEventListener("abort", abandonMoves, { once: true });
    if (this.#abort.signal.aborted) abandonMoves();
    if (this.#running > 0) await idle;
    // A reader of the output that has stopped reading must not keep us for longer than the grace.
    const graceOver = whenAborted(this.#abort.signal);
    const session = this.#session;
    await Promise.race([this.#settlement.settleAll(), graceOver]);
    if (session?.alive) {
      session.leaveBy(performance.now() + GOODBYE_MS);
      await session.setConsuming(false)?.catch(failed);
    }
    const returned = await this.#disposition.requeue(session, this.#takeWaiting());
    const closing = session?.alive ? session.close().then(() => true, failed) : undefined;
    this.#disposition.requeued(returned, { heard: await closing === true });
    await session?.[Symbol.asyncDispose]();
    await Promise.race([this.#options.reported().catch(failed), graceOver]);
  }
}

/** A stop rule that ends a worker which never got to a broker says nothing of its queue. */
function noBrokerWithin(elapsedMs: number): ConnectFailed {
  const cause = new DeadlineExceeded("connection.open-ok", elapsedMs);
  return new ConnectFailed(cause.message, { cause });
}

function whenAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  return promise;
}
