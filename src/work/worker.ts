import { setTimeout } from "node:timers/promises";
import { GOODBYE_MS } from "../amqp/connection.ts";
import {
  ConnectAborted,
  ConnectFailed,
  DeadlineExceeded,
  tookDeliveriesBack,
} from "../amqp/errors.ts";
import { Reconnection } from "../amqp/reconnection.ts";
import { Disposition } from "./disposition.ts";
import { Fifo } from "./fifo.ts";
import { Grace } from "./grace.ts";
import { Intake } from "./intake.ts";
import { Isolation } from "./isolation.ts";
import type { ReceivedTask } from "./received_task.ts";
import { Session } from "./session.ts";
import { Settlement } from "./settlement.ts";
import { isSignal, type StopReason } from "./stop_rules.ts";
import { StopWatch } from "./stop_watch.ts";
import { TaskRunner } from "./task_runner.ts";
import { WorkCounter } from "./work_counts.ts";
import type { WorkSummary } from "./work_event.ts";
import type { WorkerOptions } from "./worker_options.ts";

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
  readonly #intake: Intake;
  readonly #watch: StopWatch;
  readonly #counter = new WorkCounter();
  readonly #grace = new Grace();
  /** Aborted when the worker ends, for whatever reason. */
  readonly #ended = new AbortController();
  #session: Session | undefined;
  /** Why there is no session, as long as there never was one. */
  #absence: unknown;
  #stop: { readonly reason: StopReason; readonly failure?: unknown } | undefined;

  constructor(options: WorkerOptions) {
    const startedAtMs = performance.now();
    const onFailure = (failure: unknown) => this.#end("error", failure);
    this.#options = options;
    this.#reconnection = new Reconnection(options.reconnection);
    this.#watch = new StopWatch(options.rules, {
      isBusy: () => this.#intake.isBusy,
      isEmpty: () => this.#queueIsEmpty(),
      isStalled: () => this.#settlement.stalled,
      end: (reason, failure) => {
        if (this.#session) this.#end(reason, failure);
        else this.#end("error", this.#absence ?? noBrokerWithin(performance.now() - startedAtMs));
      },
    });
    const settlement = new Settlement(options, this.#counter, {
      onSettled: () => this.#intake.settled(),
      onFailure,
    });
    const disposition = new Disposition(options, this.#counter, settlement);
    const waiting = new Fifo<ReceivedTask>();
    const isolation = new Isolation(waiting, settlement, disposition);
    const shared = { counter: this.#counter, settlement, isolation };
    const intake = new Intake(options, {
      ...shared,
      waiting,
      onDelivered: ({ delivery, attempt }) =>
        options.report.onEvent({ event: "delivered", delivery, attempt }),
      start: (task) => void runner.run(task),
      onChange: () => this.#watch.touch(),
      onCount: () => this.#end("count"),
    });
    const runner = new TaskRunner(options, {
      ...shared,
      intake,
      disposition,
      grace: this.#grace,
      ended: this.#ended.signal,
      onFailure,
    });
    this.#settlement = settlement;
    this.#disposition = disposition;
    this.#intake = intake;
  }

  async run(): Promise<WorkSummary> {
    const { stop, report } = this.#options;
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
    this.#grace[Symbol.dispose]();
    const elapsedMs = performance.now() - startedAtMs;
    const summary = { ...this.#stop, ...this.#counter.counts, elapsedMs };
    report.onEvent({ event: "stopped", summary });
    return summary;
  }

  /** Consumes until the worker is stopped (then undefined) or the session fails (then why). */
  async #serve(): Promise<unknown> {
    const { session: options, report: { onEvent } } = this.#options;
    const again = this.#session !== undefined;
    try {
      this.#session = await Session.open(
        options,
        { stop: this.#ended.signal, limitMs: this.#reconnection.limitMs },
        (session, delivery) => this.#intake.arrived(session, delivery),
      );
    } catch (failure) {
      return failure instanceof ConnectAborted ? undefined : failure;
    }
    this.#reconnection.succeeded();
    if (again) {
      this.#counter.add("reconnects");
      onEvent({ event: "reconnected" });
    } else onEvent({ event: "waiting" });
    if (!again && this.#session.mayOutlastBroker) onEvent({ event: "short-of-time" });
    this.#watch.touch(); // idle time begins here
    this.#intake.open(this.#session);
    return await this.#untilEndOf(this.#session);
  }

  /** Undefined where it is the worker that ends. */
  async #untilEndOf(session: Session): Promise<unknown> {
    const { signal } = this.#ended;
    if (signal.aborted) return undefined;
    // No Promise.race with something that lives as long as the worker: it would never let go.
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const onEnded = () => resolve(undefined);
    signal.addEventListener("abort", onEnded, { once: true });
    session.ended.then(resolve);
    const failure = await promise;
    signal.removeEventListener("abort", onEnded);
    return failure;
  }

  /** Lets go of what the broker delivers again, and waits until it is time to connect again. */
  async #pauseAfter(failure: unknown): Promise<void> {
    this.#intake.close();
    this.#absence = failure;
    const running = [...this.#session?.started ?? []];
    // With "auto" they are only here.
    const waiting = this.#options.ackMode === "auto" ? [] : this.#intake.takeWaiting();
    if (tookDeliveriesBack(failure)) this.#disposition.released([...running, ...waiting]);
    const closing = this.#session?.[Symbol.asyncDispose]();
    const delayMs = this.#stop ? undefined : this.#reconnection.delayAfter(failure, Math.random());
    if (delayMs === undefined) this.#end("error", failure);
    else {
      const { onEvent, reported } = this.#options.report;
      onEvent({ event: "reconnecting", failure, delayMs });
      // A worker that can tell nobody must not take tasks; a slow reader keeps nobody waiting.
      reported().catch((failure) => this.#end("error", failure));
      await setTimeout(delayMs, undefined, { signal: this.#ended.signal }).catch(() => {});
    }
    await closing;
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
    this.#intake.end();
    if (reason === "error") this.#grace.end();
    else {
      const { graceMs, report } = this.#options;
      this.#grace.begin(graceMs);
      const { running } = this.#intake;
      if (isSignal(reason) && running > 0) {
        report.onEvent({ event: "stopping", reason, running, graceMs });
      }
      this.#session?.setConsuming(false)?.catch(() => {}); // #finish looks at the outcome
    }
    this.#watch.stop();
    this.#ended.abort();
  }

  /**
   * Requeues what was not finished; the broker has handled all settlements when it closes the
   * channel.
   */
  async #finish(): Promise<void> {
    const failed = (failure: unknown) => {
      if (this.#stop!.reason !== "error") this.#stop = { reason: "error", failure };
    };
    const { signal, over } = this.#grace;
    const abandonMoves = () => void this.#session?.failedTasks?.abandonMoves();
    signal.addEventListener("abort", abandonMoves, { once: true });
    if (signal.aborted) abandonMoves();
    await this.#intake.idle();
    const session = this.#session;
    // A reader of the output that has stopped reading must not keep us for longer than the grace.
    await Promise.race([this.#settlement.settleAll(), over]);
    // Somebody waits for a worker that was told to stop. One that is through by itself gives a busy
    // broker the time that any answer has.
    const leave = () => session?.leaveBy(performance.now() + GOODBYE_MS);
    const { stop } = this.#options;
    if (stop.aborted || this.#stop!.reason === "max-time") leave();
    else stop.addEventListener("abort", leave, { once: true });
    if (session?.alive) {
      await session.setConsuming(false)?.catch((failure) => {
        failed(failure);
        leave(); // no answer is overdue twice
      });
    }
    const returned = await this.#disposition.requeue(session, this.#intake.takeWaiting());
    const closing = session?.alive ? session.close().then(() => true, failed) : undefined;
    this.#disposition.requeued(returned, { heard: await closing === true });
    await session?.[Symbol.asyncDispose]();
    stop.removeEventListener("abort", leave);
    await Promise.race([this.#options.report.reported().catch(failed), over]);
  }
}

/** A stop rule that ends a worker which never got to a broker says nothing of its queue. */
function noBrokerWithin(elapsedMs: number): ConnectFailed {
  const cause = new DeadlineExceeded("connection.open-ok", elapsedMs);
  return new ConnectFailed(cause.message, { cause });
}
