import type { Connection } from "../amqp/connection.ts";
import type { Delivery } from "../amqp/delivery.ts";
import { channelReplyCode, DeadlineExceeded, MessageReturned } from "../amqp/errors.ts";
import { NOT_FOUND } from "../amqp/reply_code.ts";
import type { HeaderChanges } from "./republished_properties.ts";
import type { Republisher } from "./republisher.ts";
import { declareQueue, type QueueDeclaration, queueDepth } from "../amqp/queue.ts";
import { checkMayConfigure, checkMayMove } from "../amqp/rights.ts";
import { retryQueueName } from "./queue_names.ts";
import { withChannel } from "../amqp/with_channel.ts";

/** How much longer than its delay an unused retry queue lives. */
const LEASE_MS = 600_000;

/** A lease older than this is renewed before the next publish. */
const RENEWED_AFTER_MS = 60_000;

/** A confirm that comes when the lease is older than this comes too late to be relied upon. */
const TRUSTED_FOR_MS = LEASE_MS - 60_000;

/**
 * How long a task may be on its way from a retry queue that is a quorum queue to the work queue,
 * where no count shows it: it is copied, and the copy confirmed, by a process of its own.
 */
const ON_ITS_WAY_MS = 2_000;

/**
 * How many tasks were put into each retry queue, by name; of queues that may still have some of
 * them.
 */
export type UsedRetryQueues = Map<string, number>;

export interface RetryQueuesOptions {
  /** The work queue. */
  readonly queue: string;
  /**
   * Asked when one is declared: whether the work queue is a quorum queue, so that these must be
   * too.
   */
  readonly isQuorum?: () => Promise<boolean>;
  /** Shared by all connections of a run: `waiting` looks at what an earlier one put off, too. */
  readonly used?: UsedRetryQueues;
  /** Milliseconds on a clock that never goes back; the runtime's unless given. */
  readonly now?: () => number;
}

/** The right to rely on a retry queue, which every declaration renews. */
interface Lease {
  readonly name: string;
  /** When it was asked for, on a clock that never goes back. */
  readonly sinceMs: number;
}

/**
 * The queues in which failed tasks of one queue wait, one queue for each delay, so that no task
 * waits behind one with a longer delay. Nobody consumes them: when its time is over
 * (`x-message-ttl`) a task is dead-lettered back to the work queue by the broker.
 *
 * The broker deletes a retry queue when it was not declared for its delay and ten minutes more
 * (`x-expires`), **with the messages in it**: a publish does not count as use. So a task may only
 * be put in where the queue outlives it: it goes in after a declaration that is no older than a
 * minute, and the move counts only if its confirm comes while at least the delay (and a minute
 * more) is left until the broker may delete the queue. A restart of the broker starts `x-expires`
 * anew, but not the time that a task has waited, so it can only lengthen what is left.
 *
 * @see https://www.rabbitmq.com/docs/ttl#queue-ttl
 */
export class RetryQueues {
  readonly #connection: Connection;
  readonly #republisher: Republisher;
  readonly #queue: string;
  readonly #isQuorum: () => Promise<boolean>;
  readonly #now: () => number;
  /** By delay in milliseconds. */
  readonly #leases = new Map<number, Promise<Lease>>();
  readonly #used: UsedRetryQueues;
  readonly #names = new Set<string>();
  /**
   * Until when each task that went through a quorum queue may be on its way; it may come earlier.
   */
  #onTheirWayUntilMs: number[] = [];

  constructor(connection: Connection, republisher: Republisher, options: RetryQueuesOptions) {
    const { queue, used = new Map(), now = () => performance.now() } = options;
    this.#connection = connection;
    this.#republisher = republisher;
    this.#queue = queue;
    this.#isQuorum = options.isQuorum ?? (() => Promise.resolve(false));
    this.#used = used;
    this.#now = now;
  }

  /**
   * Asks whether the user may declare retry queues and put tasks into them, so that a worker that
   * may not fails at its start.
   *
   * @throws {ConfigureRefused}
   * @throws {MoveRefused}
   * @throws {ConnectionLost}
   * @throws {DeadlineExceeded}
   */
  async check(delayMs: number): Promise<void> {
    const name = retryQueueName(this.#queue, delayMs);
    await Promise.all([
      checkMayConfigure(this.#connection, name),
      checkMayMove(this.#connection, name),
    ]);
  }

  /**
   * Puts a copy of the task where it waits for `delayMs` and then returns to the work queue;
   * resolves when the broker has confirmed it, and then the original may be acknowledged.
   *
   * @param delayMs a whole number, 0 or more; few different ones, because each is a queue
   * @param changes headers that the copy gets, or loses where they are undefined
   * @throws {AmqpError} as `Republisher.republish` does; ChannelClosed also when the declaration is
   *   refused (403, or 406 because somebody declared the queue in another way)
   */
  async retry(delivery: Delivery, delayMs: number, changes: HeaderChanges = {}): Promise<void> {
    try {
      await this.#move(delivery, delayMs, changes);
    } catch (error) {
      if (!(error instanceof MessageReturned)) throw error;
      this.#leases.delete(delayMs); // somebody deleted it
      await this.#move(delivery, delayMs, changes);
    }
  }

  /** A task has arrived in the work queue, perhaps from here: then it is on its way no more. */
  arrived({ properties }: Delivery): void {
    const deaths: unknown = properties.headers?.["x-death"];
    if (!Array.isArray(deaths) || !deaths.some((death) => this.#names.has(death?.queue))) return;
    this.#onTheirWayUntilMs.shift();
  }

  /**
   * How many tasks wait in the retry queues that were used here, or may be on their way back; what
   * others put off is not known, because looking for a queue that does not exist is an error in the
   * broker's log. Who wants to know whether all work is done asks here first and looks at the work
   * queue after it: a task that goes back meanwhile is then seen there.
   *
   * @throws {ConnectionLost}
   * @throws {ChannelClosed} 403 and the like
   * @throws {DeadlineExceeded}
   */
  async waiting(): Promise<number> {
    const counts = await Promise.all([...this.#used.keys()].map((name) => this.#waitingIn(name)));
    const nowMs = this.#now();
    this.#onTheirWayUntilMs = this.#onTheirWayUntilMs.filter((untilMs) => untilMs > nowMs);
    return counts.reduce((sum, count) => sum + count, this.#onTheirWayUntilMs.length);
  }

  async #move(delivery: Delivery, delayMs: number, changes: HeaderChanges): Promise<void> {
    const { name, sinceMs } = await this.#lease(delayMs);
    this.#used.set(name, (this.#used.get(name) ?? 0) + 1);
    await this.#republisher.republish(delivery, name, changes);
    const ageMs = this.#now() - sinceMs;
    if (ageMs > TRUSTED_FOR_MS) {
      this.#leases.delete(delayMs);
      throw new DeadlineExceeded("publisher confirm", TRUSTED_FOR_MS);
    }
    if (await this.#isQuorum()) {
      this.#onTheirWayUntilMs.push(this.#now() + delayMs + ON_ITS_WAY_MS);
    }
  }

  async #lease(delayMs: number): Promise<Lease> {
    let leasing = this.#leases.get(delayMs);
    if (leasing) {
      const lease = await leasing;
      if (this.#now() - lease.sinceMs < RENEWED_AFTER_MS) return lease;
      // Of several that find it old, the first renews it for all.
      if (this.#leases.get(delayMs) === leasing) this.#leases.delete(delayMs);
    }
    leasing = this.#leases.get(delayMs) ?? this.#declare(delayMs);
    this.#leases.set(delayMs, leasing);
    return await leasing;
  }

  async #declare(delayMs: number): Promise<Lease> {
    try {
      const quorum = await this.#isQuorum();
      const declaration = retryQueueDeclaration(this.#queue, delayMs, { quorum });
      const sinceMs = await withChannel(this.#connection, async (channel) => {
        const beforeMs = this.#now();
        await declareQueue(channel, declaration);
        return beforeMs;
      });
      this.#names.add(declaration.name);
      return { name: declaration.name, sinceMs };
    } catch (error) {
      this.#leases.delete(delayMs);
      throw error;
    }
  }

  async #waitingIn(name: string): Promise<number> {
    const usedBefore = this.#used.get(name);
    const ready = await this.#readyIn(name);
    // It is not asked again: unused, it will be deleted by the broker.
    if (ready === 0 && this.#used.get(name) === usedBefore) this.#used.delete(name);
    return ready;
  }

  async #readyIn(name: string): Promise<number> {
    try {
      return (await withChannel(this.#connection, (channel) => queueDepth(channel, name))).ready;
    } catch (error) {
      if (channelReplyCode(error) === NOT_FOUND) return 0;
      throw error;
    }
  }
}

/**
 * Dead-lettering of a classic queue forgets a task that its target cannot take, and a quorum queue
 * cannot after a restart until it has a leader: tasks whose time was over by then were lost. These
 * keep a task until the work queue has confirmed it
 * (https://www.rabbitmq.com/docs/quorum-queues#dead-lettering).
 */
const QUORUM_ARGUMENTS = {
  "x-queue-type": "quorum",
  "x-dead-letter-strategy": "at-least-once",
  "x-overflow": "reject-publish", // which that strategy asks for
};

/**
 * The same for every worker of a queue, whatever its other flags: the broker refuses a declaration
 * that differs.
 */
export function retryQueueDeclaration(
  queue: string,
  delayMs: number,
  { quorum }: { readonly quorum: boolean },
): QueueDeclaration {
  return {
    name: retryQueueName(queue, delayMs),
    durable: true,
    arguments: {
      "x-message-ttl": delayMs,
      "x-expires": delayMs + LEASE_MS,
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": queue,
      ...quorum ? QUORUM_ARGUMENTS : {},
    },
  };
}
