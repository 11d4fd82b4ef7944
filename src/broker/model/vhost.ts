import type { Figures, Sampled } from "../sampler.ts";
import type { FieldTable } from "../wire/field_table.ts";
import { ChannelError } from "../wire/protocol_error.ts";
import { Bindings } from "./bindings.ts";
import { DeadLetterWay } from "./dead_letter_way.ts";
import { bindingBytes, queueBytes } from "./definition_bytes.ts";
import type { Binding, Exchange, ExchangeDeclaration } from "./exchange.ts";
import { ExchangeTable } from "./exchange_table.ts";
import type { Message } from "./message.ts";
import { ChannelCounts } from "./message_counts.ts";
import { Policies } from "./policies.ts";
import { Queue } from "./queue.ts";
import type { QueueContext, QueueProperties } from "./queue_context.ts";
import { PublishWay, type Spread } from "./publish_way.ts";
import { type Routed, Router } from "./router.ts";
import { requireEquivalentQueue, requireOwner } from "./queue_equivalence.ts";
import type { VHostContext } from "./vhost_context.ts";
import { NO_METADATA, type VHostMetadata } from "./vhost_metadata.ts";

/** A virtual host: exchanges, queues and the bindings between them. Pure. */
export class VHost implements Sampled {
  readonly name: string;
  readonly channelCounts = new ChannelCounts();
  /** What an operator says of it. */
  metadata: VHostMetadata = NO_METADATA;
  readonly policies: Policies;
  readonly #exchanges: ExchangeTable;
  readonly #queues = new Map<string, Queue>();
  readonly #bindings: Bindings;
  readonly router: Router;
  readonly #context: VHostContext;
  readonly #publishes: PublishWay;
  readonly #queueContext: QueueContext<Queue>;

  constructor(name: string, context: VHostContext) {
    this.name = name;
    this.#context = context;
    const { store } = context;
    this.#exchanges = new ExchangeTable(name, {
      release: context.release,
      memory: context.memory,
      definitions: store?.definitions,
      dropped: (exchange) => {
        this.#bindings.removeAllFrom(exchange);
        this.#bindings.removeAllTo(exchange);
      },
    });
    this.policies = new Policies(name, {
      release: context.release,
      settings: store?.settings,
      changed: () => {
        for (const queue of this.#queues.values()) queue.apply(this.policies.of(targetOf(queue)));
      },
    });
    this.router = new Router(this.#exchanges.byName, this.#queues);
    const letters = new DeadLetterWay(this.#exchanges.byName, this.router, context);
    this.#publishes = new PublishWay(this.#queues, this.router, context);
    this.#bindings = new Bindings(store?.definitions, {
      unused: (exchange) => this.#exchanges.drop(exchange),
      counted: (binding, sign) => context.memory.accountDefinitions(sign * bindingBytes(binding)),
    });
    this.#queueContext = {
      release: context.release,
      consumerTimeoutMs: context.consumerTimeoutMs,
      now: context.now,
      nextPosition: context.nextPosition,
      accountMemory: context.accountMemory,
      wakeAt: context.wakeAt,
      discard: context.discard,
      returnLater: context.returnLater,
      isTurnOver: context.isTurnOver,
      store: (entry) => store?.insert(entry, { moved: letters.posting }),
      unstore: (entry) => store?.remove(entry),
      touched: (entry) => store?.touch(entry),
      deadLetter: (entry, reason, { deliveryCount }) => letters.add(entry, reason, deliveryCount),
      autoDelete: (queue) => this.deleteQueue(queue),
    };
  }

  get queues(): Iterable<Queue> {
    return this.#queues.values();
  }

  get exchanges(): Iterable<Exchange> {
    return this.#exchanges;
  }

  figures(): Figures {
    let [ready, unacked] = [0, 0];
    for (const queue of this.queues) {
      ready += queue.readyCount;
      unacked += queue.unackedCount;
    }
    return { ...this.channelCounts.sum(), ready, unacked };
  }

  /** @throws {ChannelError} 404 when there is none. */
  exchange(name: string): Exchange {
    const exchange = this.#exchanges.byName.get(name);
    if (exchange !== undefined) return exchange;
    throw new ChannelError("NOT_FOUND", `no exchange '${name}' in vhost '${this.name}'`);
  }

  /** @throws {ChannelError} 404 when there is none, 405 when another connection owns it. */
  queue(name: string, connection: object): Queue {
    const queue = this.queueForAll(name);
    requireOwner(queue, connection);
    return queue;
  }

  /** The queue, whoever owns it. @throws {ChannelError} 404 when there is none. */
  queueForAll(name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue !== undefined) return queue;
    throw new ChannelError("NOT_FOUND", `no queue '${name}' in vhost '${this.name}'`);
  }

  hasQueue(name: string): boolean {
    return this.#queues.has(name);
  }

  hasExchangeNamed(name: string): boolean {
    return this.#exchanges.byName.has(name);
  }

  /** Whether this very exchange is still there. */
  hasExchange(exchange: Exchange): boolean {
    return this.#exchanges.byName.get(exchange.name) === exchange;
  }

  /** Declares an exchange. @throws {ChannelError} 403 reserved name, 406 inequivalent. */
  declareExchange(declaration: ExchangeDeclaration): Exchange {
    return this.#exchanges.declare(declaration);
  }

  /**
   * Deletes an exchange with its bindings. @throws {ChannelError} 403 system exchange, 406 in use.
   */
  deleteExchange(name: string, ifUnused: boolean): void {
    this.#exchanges.delete(name, ifUnused);
  }

  /**
   * Binds a queue or an exchange to an exchange; binding twice is binding once.
   * @throws {ChannelError} 406 for what the source cannot match by, or when memory is full.
   */
  bind(binding: Binding): void {
    this.#context.memory.requireRoom();
    this.#bindings.add(binding);
  }

  /**
   * Removes a binding; an unknown one is no error (idempotent since RabbitMQ 3.2).
   * @throws {ChannelError} 405 when it is one of a queue that another connection owns.
   */
  unbind(binding: Binding, connection: object): void {
    const found = binding.source.find(binding);
    if (found === undefined) return;
    const { destination } = found;
    if (destination instanceof Queue) requireOwner(destination, connection);
    this.#bindings.remove(found);
  }

  /**
   * Declares a queue.
   * @throws {ChannelError} 403 reserved name, 405 exclusive elsewhere, 406 inequivalent or invalid.
   */
  declareQueue(declaration: QueueProperties, owner: object): Queue {
    this.#context.churn.queueDeclared++;
    const current = this.#queues.get(declaration.name);
    if (current !== undefined) {
      requireEquivalentQueue(current, declaration, owner, this.#context.release);
      current.used();
      return current;
    }
    return this.#createQueue(declaration, declaration.exclusive ? owner : undefined);
  }

  #createQueue(declaration: QueueProperties, owner: object | undefined): Queue {
    this.#context.memory.requireRoom();
    const queue = this.#newQueue(declaration, owner);
    const { store } = this.#context;
    // First on disk: a store that refuses leaves no queue behind.
    if (store !== undefined && queue.durable && !queue.exclusive) {
      queue.storeId = store.definitions.addQueue(queue);
    }
    this.#context.churn.queueCreated++;
    return this.#addQueue(queue);
  }

  #newQueue(declaration: QueueProperties, owner: object | undefined): Queue {
    const queue = new Queue(this.name, declaration, owner, this.#queueContext);
    queue.apply(this.policies.of(targetOf(queue)));
    return queue;
  }

  #addQueue(queue: Queue): Queue {
    this.#queues.set(queue.name, queue);
    this.#context.memory.accountDefinitions(queueBytes(queue));
    return queue;
  }

  /** Puts back a durable exchange that a store kept. */
  restoreExchange(declaration: ExchangeDeclaration): void {
    this.#exchanges.restore(declaration);
  }

  /** Puts back a durable queue that a store kept under `storeId`. */
  restoreQueue(declaration: QueueProperties, storeId: number): Queue {
    const queue = this.#newQueue(declaration, undefined);
    queue.storeId = storeId;
    return this.#addQueue(queue);
  }

  /** Puts back a binding that a store kept; one whose ends are gone is dropped. */
  restoreBinding(kept: {
    source: string;
    destination: string;
    toQueue: boolean;
    routingKey: string;
    arguments: FieldTable;
  }): void {
    const source = this.#exchanges.byName.get(kept.source);
    const destination = (kept.toQueue ? this.#queues : this.#exchanges.byName).get(
      kept.destination,
    );
    if (source === undefined || destination === undefined) return;
    const { routingKey, arguments: table } = kept;
    this.#bindings.restore({ source, destination, routingKey, arguments: table });
  }

  /**
   * Deletes a queue with its messages and bindings; its consumers are told. @returns its length.
   */
  deleteQueue(queue: Queue): number {
    if (queue.deleted) return 0;
    queue.deleted = true;
    this.#context.churn.queueDeleted++;
    this.#queues.delete(queue.name);
    this.#context.memory.accountDefinitions(-queueBytes(queue));
    this.#bindings.removeAllTo(queue);
    for (const subscriber of [...queue.subscribers.all]) {
      queue.subscribers.remove(subscriber);
      subscriber.cancelled();
    }
    const count = queue.purge();
    if (queue.storeId !== 0) this.#context.store?.definitions.removeQueue(queue);
    return count;
  }

  /** Removes all that is in it: the virtual host is deleted. */
  clear(): void {
    for (const queue of [...this.#queues.values()]) this.deleteQueue(queue);
    for (const exchange of [...this.#exchanges]) this.#exchanges.drop(exchange);
  }

  /** Drops what expired in the queue, or the queue itself when x-expires says so. */
  expire(queue: Queue): void {
    if (queue.deleted) return;
    // x-expires: the queue goes; its messages are not dead-lettered.
    if (queue.unusedUntilMs <= this.#context.now()) return void this.deleteQueue(queue);
    if (queue.unusedUntilMs !== Infinity) this.#context.wakeAt(queue.unusedUntilMs, queue);
    queue.wake();
  }

  /** See {@linkcode PublishWay.publish}. */
  publish(
    exchange: Exchange,
    message: Message,
    keys: readonly string[] | undefined,
  ): Routed | Spread {
    return this.#publishes.publish(exchange, message, keys);
  }
}

/** What policies look at. */
function targetOf({ name, policy: { quorum } }: Queue) {
  return { name, quorum };
}
