import {
  ATTEMPTS,
  attemptsMade,
  diedInHand,
  ISOLATED,
  mustBeIsolated,
  mustRecount,
} from "./attempts.ts";
import { Connection } from "../amqp/connection.ts";
import { checkMayMove } from "../amqp/rights.ts";
import type { TaskQueue } from "../amqp/task_queue.ts";
import { DeadLetterQueue } from "./dead_letter_queue.ts";
import type { Delivery } from "../amqp/delivery.ts";
import { Republisher, type RepublisherOptions } from "./republisher.ts";
import { RetryQueues, type UsedRetryQueues } from "./retry_queues.ts";
import { type Backoff, delayMs, snoozeDelaysMs } from "./backoff.ts";
import type { Failure } from "./failure.ts";

/** What becomes of tasks that fail. */
export interface RetryPolicy extends Pick<RepublisherOptions, "confirmTimeoutMs"> {
  /**
   * How often a task is tried; undefined gives it up at its first failure, and counts nothing else.
   */
  readonly attempts?: number;
  readonly backoff: Backoff;
  readonly deadLetterQueue: string;
}

export interface FailedTasksOptions {
  readonly policy: RetryPolicy;
  /** The work queue. */
  readonly queue: TaskQueue;
  /** The worker's name, for the dead letter. */
  readonly worker: string;
  /**
   * Whether the last attempt after a worker's death is made with no other task in hand: where it
   * may have several, it is not clear of which one it died.
   */
  readonly isolatesLastAttempt: boolean;
  /** The retry queues that this run has put tasks into, on earlier connections too. */
  readonly usedRetryQueues: UsedRetryQueues;
}

/** What is to be done with a task that has just arrived. */
export type Triage = "run" | "run isolated" | "recount" | "exhausted";

/**
 * Where the failed tasks of one session go: to a retry queue, or to the dead-letter queue. Each
 * move resolves when the broker has confirmed it; only then is the original acknowledged.
 *
 * Copies are published on a connection of their own, opened for the first one: a broker that is
 * short of memory stops reading from connections that publish, and must not stop reading acks.
 */
export class FailedTasks implements AsyncDisposable {
  readonly #options: FailedTasksOptions;
  readonly #policy: RetryPolicy;
  readonly #republisher: Republisher;
  readonly #retryQueues: RetryQueues;
  readonly #connection: Connection;
  readonly #deadLetters: DeadLetterQueue;
  readonly #snoozeDelaysMs: readonly number[];
  readonly #closed = new AbortController();
  #publishing: Promise<Connection> | undefined;
  #blocked = false;
  #leaveByMs: number | undefined;
  #snoozed = 0;

  /** @param connection for what is not published: declarations, counts */
  constructor(connection: Connection, options: FailedTasksOptions) {
    const { policy, queue, usedRetryQueues } = options;
    const isQuorum = () => queue.isQuorum(connection);
    this.#connection = connection;
    this.#options = options;
    this.#policy = policy;
    this.#snoozeDelaysMs = snoozeDelaysMs(policy.backoff);
    this.#republisher = new Republisher(
      () => this.#publishing ??= this.#connectBeside(connection),
      {
        queue: queue.name,
        confirmTimeoutMs: policy.confirmTimeoutMs,
        username: connection.options.url.username,
        isBlocked: () => this.#blocked,
        isQuorum,
      },
    );
    this.#retryQueues = new RetryQueues(connection, this.#republisher, {
      queue: queue.name,
      isQuorum,
      used: usedRetryQueues,
    });
    this.#deadLetters = new DeadLetterQueue(connection, this.#republisher, {
      name: policy.deadLetterQueue,
      isQuorum,
    });
  }

  /**
   * Declares the dead-letter queue, and asks whether retry queues may be declared, and tasks moved,
   * so that a worker that may not do so fails at its start.
   *
   * @throws {ChannelClosed} 403, 405
   */
  async prepare(): Promise<void> {
    const { backoff } = this.#policy;
    await Promise.all([
      this.#deadLetters.declare(),
      this.hasNext(1)
        ? this.#retryQueues.check(delayMs(backoff, 1, 0))
        : checkMayMove(this.#connection, this.#options.queue.name), // which it reads anyway
    ]);
  }

  /** Before a task is run: it may have had all its attempts in workers that died of it. */
  triage(delivery: Delivery): Triage {
    this.#retryQueues.arrived(delivery);
    const { attempts } = this.#policy;
    if (attempts === undefined) return "run";
    if (this.#needsIsolation(delivery, attempts)) return "recount";
    if (attemptsMade(delivery) >= attempts) return "exhausted";
    if (mustRecount(delivery)) return "recount";
    return mustBeIsolated(delivery) ? "run isolated" : "run";
  }

  /** Whether an attempt that nobody finished counts. */
  get counts(): boolean {
    return this.#policy.attempts !== undefined;
  }

  /**
   * To the tail of its queue with the count so far: of what only the mark `redelivered` tells, and
   * that the last attempt is made in isolation.
   */
  recount(delivery: Delivery): Promise<void> {
    const { attempts = Infinity } = this.#policy;
    const made = attemptsMade(delivery);
    const changes = this.#needsIsolation(delivery, attempts)
      ? { [ATTEMPTS]: Math.min(made, attempts - 1), [ISOLATED]: true }
      : { [ATTEMPTS]: made };
    return this.#republisher.republish(delivery, this.#options.queue.name, changes);
  }

  /**
   * Snoozes it: away for a while, as it is. The mark `redelivered` of a return would count as an
   * attempt. Those that go together come back one after the other.
   */
  snooze(delivery: Delivery): Promise<void> {
    const delays = this.#snoozeDelaysMs;
    return this.#retryQueues.retry(delivery, delays[this.#snoozed++ % delays.length]!);
  }

  /** Whether a task that failed at this attempt is tried again. */
  hasNext(attempt: number): boolean {
    return attempt < (this.#policy.attempts ?? 1);
  }

  /** Puts it into a retry queue. @returns how long it waits there, in milliseconds */
  async retry(delivery: Delivery, attempt: number): Promise<number> {
    const waitMs = delayMs(this.#policy.backoff, attempt, Math.random());
    await this.#retryQueues.retry(delivery, waitMs, { [ATTEMPTS]: attempt, [ISOLATED]: undefined });
    return waitMs;
  }

  /** Puts it into the dead-letter queue. @returns that queue's name */
  async deadLetter(delivery: Delivery, attempts: number, failure: Failure): Promise<string> {
    const { queue: { name: queue }, worker } = this.#options;
    await this.#deadLetters.add(delivery, { ...failure, queue, attempts, worker, at: new Date() });
    return this.#policy.deadLetterQueue;
  }

  /**
   * Whether this task, which a worker had in hand when it died, is given up unless the next attempt
   * is a good one: that worker may have died of a task beside it.
   */
  #needsIsolation(delivery: Delivery, attempts: number): boolean {
    return this.#options.isolatesLastAttempt && attempts > 1 && diedInHand(delivery) &&
      !mustBeIsolated(delivery) && attemptsMade(delivery) >= attempts - 1;
  }

  /** Tasks that were put off here, and wait in retry queues. */
  waiting(): Promise<number> {
    return this.#retryQueues.waiting();
  }

  /** Ends the moves that are under way: those tasks are not acknowledged. Later ones may follow. */
  async abandonMoves(): Promise<void> {
    const publishing = this.#publishing;
    this.#publishing = undefined;
    this.#blocked = false;
    const connection = await publishing?.catch(() => undefined);
    await connection?.close();
  }

  /** As `Connection.leaveBy`, for the moves that are under way and those that follow. */
  leaveBy(atMs: number): void {
    this.#leaveByMs = atMs;
    this.#publishing?.then((connection) => connection.leaveBy(atMs), () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.abandonMoves();
  }

  /** To the same node: the moves of a session need no other, and end with it. */
  async #connectBeside({ options }: Connection): Promise<Connection> {
    const opening = {
      ...options,
      name: `${options.name} moves`,
      onBlocked: (reason: string) => {
        this.#blocked = true;
        options.onBlocked(reason);
      },
      onUnblocked: () => {
        this.#blocked = false;
        options.onUnblocked();
      },
    };
    const connection = await Connection.open(opening, { stop: this.#closed.signal });
    if (this.#leaveByMs !== undefined) connection.leaveBy(this.#leaveByMs);
    return connection;
  }
}
