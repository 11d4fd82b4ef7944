import { Buffer } from "node:buffer";
import { setTimeout } from "node:timers/promises";
import type { Cluster } from "../amqp/cluster.ts";
import type { ConsumeOptions } from "../amqp/consumer.ts";
import type { PublishOptions } from "../amqp/publisher.ts";
import type { ArgumentValue } from "../amqp/queue.ts";
import { declareQueue, deleteQueue } from "../amqp/queue.ts";
import type { ReconnectionOptions } from "../amqp/reconnection.ts";
import { withChannel } from "../amqp/with_channel.ts";
import { send, type SendOptions } from "../send/send.ts";
import type { SendSummary } from "../send/send_event.ts";
import { work, type WorkOptions } from "../work/work.ts";
import type { WorkEvent, WorkSummary } from "../work/work_event.ts";
import type { Disturbance, DisturbanceResult } from "./disturbance.ts";
import { type Account, TaskLedger } from "./task_ledger.ts";

/** One whole cycle: tasks are sent, confirmed, consumed and acknowledged. */
export interface CheckOptions
  extends Pick<ConsumeOptions, "prefetchCount">, Pick<PublishOptions, "confirmTimeoutMs"> {
  /** A name of its own: it is declared, and deleted. */
  readonly queue: string;
  /** For example `{"x-queue-type": "quorum"}`. */
  readonly queueArguments: Readonly<Record<string, ArgumentValue>>;
  readonly tasks: number;
  /** Of each task's body, 1 or more. */
  readonly sizeBytes: number;
  readonly workers: number;
  readonly reconnection: ReconnectionOptions;
  /** Tasks a second at the most. */
  readonly rate?: number;
  /** Lines for the shell, run one after the other while tasks are under way. */
  readonly disturbances: readonly Disturbance[];
}

export interface CheckContext {
  /** A connection to the broker of its own for each part of the check. */
  readonly connect: (part: string) => Cluster;
  readonly stop: AbortSignal;
  /** Runs a line for the shell to its end. @returns its exit status */
  readonly runCommand: (command: string) => Promise<number>;
  readonly onDisturbance: (disturbance: Disturbance) => void;
  readonly onReconnecting: (failure: unknown) => void;
}

/** What came of it. */
export interface CheckResult extends Account {
  /** Connections opened after one was lost. */
  readonly reconnects: number;
  /** From the first publish to the last confirm. */
  readonly sendingMs: number;
  /** From the first publish to the last arrival. */
  readonly cycleMs: number;
  readonly disturbed: readonly DisturbanceResult[];
  /** Why it ended early: an error of one of its parts, or its queue was left behind. */
  readonly failure?: unknown;
  readonly stopped: boolean;
}

/** The broker deletes the queue of a check that was killed, so long after. */
const QUEUE_EXPIRES_MS = 60 * 60_000;

/** For the one task that each worker has in hand when it is ended. */
const GRACE_MS = 30_000;

/** Confirms in flight, as a bulk send has them. */
const WINDOW = 1_000;

/** Between two tasks while the broker is disturbed: so few that some are left for later. */
const DISTURBED_PAUSE_MS = 10;

/** Does a whole cycle on a queue of its own, which is deleted in every case. */
export async function check(options: CheckOptions, context: CheckContext): Promise<CheckResult> {
  return await new Check(options, context).run();
}

class Check {
  readonly #options: CheckOptions;
  readonly #context: CheckContext;
  readonly #ledger: TaskLedger;
  readonly #disturbed: DisturbanceResult[] = [];
  /** Aborted when nothing more is to be sent or consumed. */
  readonly #end = new AbortController();
  #failure: unknown;
  #startedAtMs = NaN;
  #confirmedAtMs = NaN;
  #arrivedAtMs = NaN;
  #reconnects = 0;
  /** The last task that was handed to the sender. */
  #sentUpTo = 0;
  /** Resolves when all workers consume. */
  readonly #consuming = Promise.withResolvers<void>();
  #consumers = 0;

  constructor(options: CheckOptions, context: CheckContext) {
    this.#options = options;
    this.#context = context;
    this.#ledger = new TaskLedger(`${options.queue}.`, options.tasks);
  }

  async run(): Promise<CheckResult> {
    const { stop } = this.#context;
    const abort = () => this.#end.abort("SIGTERM");
    stop.addEventListener("abort", abort, { once: true });
    try {
      await this.#onQueue((queue) => declareQueue(queue, this.#declaration), stop);
      await this.#cycle();
    } catch (failure) {
      this.#failure ??= failure;
    } finally {
      stop.removeEventListener("abort", abort);
    }
    try {
      // Also after a stop: it is only a moment, and the connection has a deadline of its own.
      const { signal } = new AbortController();
      await this.#onQueue((channel) => deleteQueue(channel, this.#options.queue), signal);
    } catch (failure) {
      this.#failure ??= failure;
    }
    return {
      ...this.#ledger.account(),
      reconnects: this.#reconnects,
      sendingMs: this.#confirmedAtMs - this.#startedAtMs,
      cycleMs: this.#arrivedAtMs - this.#startedAtMs,
      disturbed: this.#disturbed,
      stopped: stop.aborted,
      ...(stop.aborted ? { lost: [] } : {}), // nobody can tell what was under way
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  get #declaration() {
    const { queue, queueArguments } = this.#options;
    const args = { "x-expires": QUEUE_EXPIRES_MS, ...queueArguments };
    return { name: queue, durable: true, arguments: args };
  }

  async #onQueue(
    use: (channel: Parameters<Parameters<typeof withChannel>[1]>[0]) => Promise<unknown>,
    stop: AbortSignal,
  ): Promise<void> {
    const cluster = this.#context.connect("queue");
    await using connection = await cluster.connect({ stop });
    await withChannel(connection, use);
  }

  /**
   * Workers consume while tasks are sent. Then they are ended in order, and others drain what is
   * left: what does not arrive then is nowhere.
   */
  async #cycle(): Promise<void> {
    const ended = new AbortController();
    const end = () => ended.abort("SIGTERM");
    this.#end.signal.addEventListener("abort", end, { once: true });
    const consuming = this.#consume({ untilEmpty: false }, ended.signal);
    // From then on a lost broker is a loss, which is made good, and no failure to begin.
    await Promise.race([this.#consuming.promise, consuming]);
    const sent = await this.#send();
    if (sent.failure !== undefined) this.#failure ??= sent.failure;
    end();
    await consuming;
    if (!this.#end.signal.aborted) {
      await this.#consume({ untilEmpty: true }, this.#end.signal);
    }
  }

  async #send(): Promise<SendSummary> {
    const { queue, reconnection, confirmTimeoutMs, rate } = this.#options;
    const options: SendOptions = {
      connection: this.#context.connect("send"),
      reconnection,
      queue: { name: queue, declare: false, arguments: {} },
      publish: {
        properties: { persistent: true, headers: {} },
        mandatory: true,
        confirm: true,
        window: WINDOW,
        confirmTimeoutMs,
      },
      source: { kind: "lines", separator: "\n", fromLine: 1 },
      tasks: { messageId: `${queue}.{n}`, ...(rate !== undefined && { rate }) },
    };
    const ledger = this.#ledger;
    return await send(options, {
      input: this.#bodies(),
      stop: this.#end.signal,
      onPublished: () => {},
      outputRoom: () => undefined,
      onEvent: (event) => {
        switch (event.event) {
          case "sent":
            this.#confirmedAtMs = performance.now();
            return ledger.said(event.message.messageId, "confirmed");
          case "returned":
          case "refused":
            return ledger.said(event.message.messageId, "refused");
          case "unknown":
            return ledger.said(event.message.messageId, "unknown");
          case "reconnecting":
            return this.#context.onReconnecting(event.failure);
          case "reconnected":
            this.#reconnects++;
        }
      },
    });
  }

  /** The bodies, a line each. Some are kept for the time after each disturbance. */
  async *#bodies(): AsyncGenerator<Uint8Array> {
    const { tasks, sizeBytes, disturbances } = this.#options;
    const filling = "x".repeat(Math.max(0, sizeBytes - 1));
    const starts = disturbances.map((_, n) =>
      1 + Math.floor(tasks * (n + 1) / (disturbances.length + 2))
    );
    let running: { readonly ended: Promise<void>; over: boolean } | undefined;
    let disturbance = 0;
    this.#startedAtMs = performance.now();
    for (let task = 1; task <= tasks && !this.#end.signal.aborted; task++) {
      if (running?.over) running = undefined;
      if (running) {
        // What is to come after it must not be sent before.
        const last = starts[disturbance] ?? tasks;
        const pause = task >= last ? undefined : setTimeout(DISTURBED_PAUSE_MS);
        await (pause ? Promise.race([pause, running.ended]) : running.ended);
      }
      if (task === starts[disturbance]) {
        if (running) await running.ended;
        running = this.#disturb(disturbances[disturbance++]!, task);
      }
      this.#sentUpTo = task;
      this.#ledger.sent(task, performance.now());
      yield Buffer.from(`${task % 10}${filling}\n`);
    }
    if (running) await running.ended;
  }

  #disturb(disturbance: Disturbance, from: number) {
    const { onDisturbance, runCommand } = this.#context;
    onDisturbance(disturbance);
    const running = { over: false, ended: Promise.resolve() };
    running.ended = (async () => {
      const exitStatus = await runCommand(disturbance.command);
      const sentMeanwhile = this.#sentUpTo - from + 1;
      this.#disturbed.push({ ...disturbance, exitStatus, sentMeanwhile });
      running.over = true;
    })();
    return running;
  }

  async #consume(rules: WorkOptions["rules"], stop: AbortSignal): Promise<void> {
    const { workers } = this.#options;
    const all = Array.from({ length: workers }, (_, n) => this.#work(`C${n + 1}`, rules, stop));
    for (const { failure } of await Promise.all(all)) this.#failure ??= failure;
  }

  async #work(
    worker: string,
    rules: WorkOptions["rules"],
    stop: AbortSignal,
  ): Promise<WorkSummary> {
    const { queue, prefetchCount, reconnection, workers } = this.#options;
    const options: WorkOptions = {
      connection: this.#context.connect(worker),
      queue: { name: queue, declare: false, arguments: {} },
      consume: { consumerTag: worker, prefetchCount, noAck: false },
      work: { dotMs: 0 },
      // The broker was there before: who begins after a restart waits for it as who went on.
      reconnection: {
        ...reconnection,
        waitMs: Math.max(reconnection.waitMs, reconnection.reconnectForMs),
      },
      concurrency: 1,
      ackMode: "manual",
      rules,
      graceMs: GRACE_MS,
      environment: {},
    };
    const summary = await work(options, {
      stop,
      onEvent: (event: WorkEvent) => {
        if (event.event === "waiting" && ++this.#consumers === workers) this.#consuming.resolve();
        if (event.event !== "received") return;
        const { messageId, redelivered } = event.delivery;
        this.#arrivedAtMs = performance.now();
        this.#ledger.arrived(messageId, { worker, redelivered, atMs: this.#arrivedAtMs });
      },
      reported: () => Promise.resolve(),
      onOutput: () => undefined,
      mixed: () => false,
      onHealth: () => {},
      crash: () => Promise.reject(new Error("no task of a check crashes its worker")),
    });
    this.#reconnects += summary.reconnects;
    if (summary.failure !== undefined) this.#end.abort("SIGTERM");
    return summary;
  }
}
