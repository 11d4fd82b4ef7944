import { setImmediate } from "node:timers";
import type { Channel } from "../amqp/channel.ts";
import { Consumer, type Delivery } from "../amqp/consumer.ts";
import { queueDepth } from "../amqp/queue.ts";
import type { WorkEvent, WorkSummary } from "./event.ts";
import { Fifo } from "./fifo.ts";
import type { StopReason, StopRules } from "./stop_rules.ts";

/** How often a worker that waits for an empty queue looks again while others may drain it. */
const EMPTY_POLL_MS = 250;

/** Finished tasks whose lines are not written yet, at the most. */
const MAX_UNREPORTED = 256;

/** Does one task's work; rejects when `abort` fires before it is finished. */
export type Handler = (delivery: Delivery, abort: AbortSignal) => Promise<void>;

/** When a task is acknowledged: after the work, never sent (AMQP's no-ack), before the work, or never. */
export type AckMode = "manual" | "auto" | "early" | "never";

export interface WorkerOptions {
  readonly queue: string;
  readonly consumerTag: string;
  /** 0 to 65535; 0 is unlimited. */
  readonly prefetchCount: number;
  /** Consumer priority. */
  readonly priority?: number;
  readonly ackMode: AckMode;
  readonly handler: Handler;
  readonly rules: StopRules;
  /** Aborted with "SIGINT" or "SIGTERM" as its reason to stop in order. */
  readonly stop: AbortSignal;
  /** How long the running task may go on after a stop. */
  readonly graceMs: number;
  readonly onEvent: (event: WorkEvent) => void;
  /** Resolves when all events so far are written; a task is not acknowledged before. */
  readonly reported: () => Promise<void>;
}

/**
 * Consumes one queue, one task at a time, until a stop rule, a signal or a failure ends it.
 *
 * On return the consumer is cancelled, every delivery is settled or given back, and the broker has
 * confirmed it by closing the channel in order (unless the failure is that it went away).
 */
export async function runWorker(channel: Channel, options: WorkerOptions): Promise<WorkSummary> {
  return await new Worker(channel, options).run();
}

class Worker {
  readonly #channel: Channel;
  readonly #options: WorkerOptions;
  readonly #waiting = new Fifo<Delivery>();
  readonly #abort = new AbortController();
  readonly #counts = { done: 0, redelivered: 0, requeued: 0, unfinished: 0, unacked: 0, lost: 0 };
  #consumer: Consumer | undefined;
  /** Started and not settled yet, in the order of their delivery. */
  readonly #unsettled = new Set<Delivery>();
  /** Finished, and about to be settled. */
  readonly #finished: Delivery[] = [];
  /** The last settlement under way; the others come before it. */
  #settling: Promise<void> | undefined;
  #arrived = 0;
  #lastBusyMs = performance.now();
  #stop: { readonly reason: StopReason; readonly failure?: unknown } | undefined;
  #wake: (() => void) | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(channel: Channel, options: WorkerOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  async run(): Promise<WorkSummary> {
    const { rules, stop } = this.#options;
    const startedAtMs = performance.now();
    const onSignal = () => this.#end(stop.reason as StopReason);
    const maxTimer = rules.maxTimeMs === undefined
      ? undefined
      : setTimeout(() => this.#end("max-time"), rules.maxTimeMs);
    stop.addEventListener("abort", onSignal, { once: true });
    if (stop.aborted) onSignal();
    this.#channel.ended.then((failure) => failure && this.#end("error", failure));
    try {
      if (!this.#stop) await this.#consume();
      while (!this.#stop) {
        const next = this.#waiting.shift();
        if (next) await this.#work(next);
        else await this.#idle();
      }
    } catch (failure) {
      this.#end("error", failure);
    } finally {
      clearTimeout(maxTimer);
      stop.removeEventListener("abort", onSignal);
    }
    await this.#settleAll();
    clearTimeout(this.#graceTimer);
    const summary = { ...this.#stop!, ...this.#counts, elapsedMs: performance.now() - startedAtMs };
    this.#options.onEvent({ event: "stopped", summary });
    return summary;
  }

  async #consume(): Promise<void> {
    const { queue, consumerTag, prefetchCount, priority, ackMode } = this.#options;
    this.#consumer = await Consumer.start(this.#channel, {
      queue,
      consumerTag,
      prefetchCount,
      noAck: ackMode === "auto",
      ...(priority === undefined ? {} : { priority }),
      onDelivery: (delivery) => this.#arrive(delivery),
      onCancelled: (reason) => this.#end("error", reason),
    });
    this.#cancelAfterCount(); // tasks may have arrived together with basic.consume-ok
    this.#options.onEvent({ event: "waiting" });
  }

  #arrive(delivery: Delivery): void {
    this.#waiting.push(delivery);
    this.#arrived++;
    this.#lastBusyMs = performance.now();
    this.#cancelAfterCount();
    this.#wake?.();
  }

  /** Cancels as the last wanted task arrives, not after its work: no other task is borrowed meanwhile. */
  #cancelAfterCount(): void {
    const { count } = this.#options.rules;
    if (count === undefined || this.#arrived < count) return;
    this.#consumer?.cancel().catch((failure) => this.#end("error", failure));
  }

  async #work(delivery: Delivery): Promise<void> {
    const { ackMode, handler, onEvent, reported, rules } = this.#options;
    this.#unsettled.add(delivery);
    if (delivery.redelivered) this.#counts.redelivered++;
    onEvent({ event: "received", delivery });
    if (ackMode === "early") {
      await reported();
      this.#ack([delivery]);
    }
    if (!await this.#finishes(handler, delivery)) return;
    this.#counts.done++;
    this.#lastBusyMs = performance.now();
    onEvent({ event: "done", delivery });
    if (this.#finished.push(delivery) === 1) setImmediate(() => this.#settleFinished());
    if (this.#waiting.size === 0) this.#settleFinished();
    if (this.#unsettled.size >= MAX_UNREPORTED) await this.#settling;
    if (this.#counts.done === rules.count) this.#end("count");
  }

  /**
   * Settles what was finished in one turn of the event loop together, once its lines are written.
   * The next task starts meanwhile.
   */
  #settleFinished(): void {
    const deliveries = this.#finished.splice(0);
    if (deliveries.length === 0) return;
    this.#settling = this.#options.reported().then(
      () => this.#settle(deliveries),
      (failure) => this.#end("error", failure),
    );
  }

  #settle(deliveries: readonly Delivery[]): void {
    const { ackMode, onEvent, prefetchCount } = this.#options;
    for (const delivery of deliveries) this.#unsettled.delete(delivery);
    if (ackMode === "manual") this.#ack(deliveries);
    if (ackMode !== "never") return;
    this.#counts.unacked += deliveries.length;
    if (this.#stalled) {
      onEvent({ event: "stalled", unacked: prefetchCount });
      this.#wake?.();
    }
  }

  /** Whether forgotten acks use up the whole prefetch: the broker will deliver nothing more. */
  get #stalled(): boolean {
    return this.#counts.unacked > 0 && this.#counts.unacked === this.#options.prefetchCount;
  }

  /** Whether the work was finished: within the grace after a stop, and with the channel still there. */
  async #finishes(handler: Handler, delivery: Delivery): Promise<boolean> {
    const { signal } = this.#abort;
    try {
      await handler(delivery, signal);
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  #ack(deliveries: readonly Delivery[]): void {
    if (!this.#consumer!.ack(deliveries)) return;
    for (const delivery of deliveries) this.#options.onEvent({ event: "acked", delivery });
  }

  /** What is not going to be finished here goes back, unless the broker has forgotten it. */
  #giveBack(): void {
    const { ackMode, onEvent } = this.#options;
    const started = [...this.#unsettled];
    const waiting = this.#waiting.takeAll();
    // With "early", what has started is acknowledged; with "auto", everything is.
    const left = [...ackMode === "manual" || ackMode === "never" ? started : [], ...waiting];
    if (ackMode === "auto") left.length = 0;
    this.#counts.lost += started.length + waiting.length - left.length;
    if (left.length === 0) return;
    if (!this.#consumer!.requeueAll()) {
      this.#counts.unfinished += left.length;
      return;
    }
    this.#counts.requeued += left.length;
    for (const delivery of left) onEvent({ event: "requeued", delivery });
  }

  /** Waits for the next delivery, for a stop, or for the moment at which a stop rule must look. */
  async #idle(): Promise<void> {
    const { count, untilEmpty, idleTimeoutMs } = this.#options.rules;
    if (untilEmpty && await this.#queueIsEmpty()) return this.#end("empty");
    if (this.#stalled && (untilEmpty || count !== undefined)) return this.#end("stalled");
    const idleLeftMs = idleTimeoutMs === undefined
      ? Infinity
      : this.#lastBusyMs + idleTimeoutMs - performance.now();
    if (idleLeftMs <= 0) return this.#end("idle-timeout");
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const waitMs = Math.min(idleLeftMs, untilEmpty ? EMPTY_POLL_MS : Infinity);
    const timer = waitMs === Infinity ? undefined : setTimeout(resolve, waitMs);
    if (this.#waiting.size === 0 && !this.#stop) await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  /**
   * Nothing ready, twice in a row with no delivery between: RabbitMQ may answer "0 ready" while a
   * delivery to us waits behind that answer, but it cannot overtake the second one.
   */
  async #queueIsEmpty(): Promise<boolean> {
    const arrivedBefore = this.#arrived;
    for (let look = 0; look < 2; look++) {
      if ((await queueDepth(this.#channel, this.#options.queue)).ready > 0) return false;
    }
    return this.#arrived === arrivedBefore;
  }

  /** The first reason to stop wins; a running task then has the grace time to finish. */
  #end(reason: StopReason, failure?: unknown): void {
    if (this.#stop) return;
    this.#stop = failure === undefined ? { reason } : { reason, failure };
    if (reason === "error") this.#abort.abort();
    else {
      this.#graceTimer = setTimeout(() => this.#abort.abort(), this.#options.graceMs);
      this.#consumer?.cancel().catch(() => {}); // no more deliveries; #settleAll looks at the outcome
    }
    this.#wake?.();
  }

  /** Gives back what was not finished; the broker has handled all settlements when it closes the channel. */
  async #settleAll(): Promise<void> {
    const failed = (failure: unknown) => {
      if (this.#stop!.reason !== "error") this.#stop = { reason: "error", failure };
    };
    // A reader of the output that has stopped reading must not keep us for longer than the grace.
    const { promise: graceOver, resolve } = Promise.withResolvers<void>();
    this.#abort.signal.addEventListener("abort", () => resolve(), { once: true });
    if (this.#abort.signal.aborted) resolve();
    this.#settleFinished();
    await Promise.race([this.#settling, graceOver]);
    await this.#consumer?.cancel().catch(failed);
    this.#giveBack();
    await this.#channel.close().catch(failed);
    await Promise.race([this.#options.reported().catch(failed), graceOver]);
  }
}
