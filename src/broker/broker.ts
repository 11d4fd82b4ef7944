import { randomBytes } from "node:crypto";
import type { User } from "./access/user.ts";
import type { UserRecord } from "./access/user_record.ts";
import { Users } from "./access/users.ts";
import type { BrokerEvent } from "./broker_event.ts";
import type { BrokerSettings } from "./broker_settings.ts";
import { DeadLetters } from "./model/dead_letters.ts";
import { DeadlineClock } from "./model/deadline_clock.ts";
import { DiscardedEntries } from "./model/discarded_entries.ts";
import { DirectReplies } from "./model/direct_replies.ts";
import { type DeniableFeature, type Release, releaseNamed } from "./release.ts";
import { EndOfTurn } from "./end_of_turn.ts";
import { Churn } from "./churn.ts";
import { collectGarbage } from "./collect_garbage.ts";
import { InputRoom } from "./input_room.ts";
import type { Listener } from "./listener.ts";
import { MemoryGuard } from "./memory_guard.ts";
import { ConnectionError } from "./wire/protocol_error.ts";
import { Operations } from "./operations.ts";
import type { EntryQueue } from "./model/entry.ts";
import type { Queue } from "./model/queue.ts";
import { type Sampled, Sampler } from "./sampler.ts";
import { Workload } from "./workload.ts";
import type { SettingKey } from "./durable_settings.ts";
import { GlobalParameters } from "./global_parameters.ts";
import type { Policy } from "./model/policy.ts";
import type { VHost } from "./model/vhost.ts";
import type { VHostContext } from "./model/vhost_context.ts";
import type { VHostMetadata } from "./model/vhost_metadata.ts";
import { Returns } from "./model/returns.ts";
import { VHosts } from "./model/vhosts.ts";
import { DamagedDataError, DataDirectoryError } from "./store/data_directory_error.ts";
import { MessageStore } from "./store/message_store.ts";
import { recover } from "./store/recovery.ts";
import { octetsOf, textOf } from "./wire/octets.ts";

/**
 * Overdue deliveries are looked for this often, in ms, as RabbitMQ does; more often where the limit
 * is short.
 */
const TIMEOUT_CHECK_MS = 60_000;

/** What is kept of the input of all connections together, in octets; */
const INPUT_BYTES = 64 * 1024 * 1024;
/** but these shares of the memory at most: of those that wait for their turn, */
const WAITING_INPUT_SHARE = 1 / 32;
/** and of the blocked ones. */
const BLOCKED_INPUT_SHARE = 1 / 16;

/** A collection of garbage that the program waits for is no matter up to here. */
const SMALL_MEMORY_BYTES = 128 * 1024 * 1024;

/** A connection, as far as the state that all of them share knows it. */
export interface BrokerConnection {
  /** Memory is no longer short. */
  unblock(): void;
  /** Closes channels whose oldest delivery was made before that time. */
  checkConsumerTimeout(beforeMs: number): void;
  readonly traffic: Sampled;
  /** Undefined before it is opened, and after that. */
  readonly client: { readonly channels: Iterable<Sampled> } | undefined;
}

/** The state connections share: virtual hosts, users, store, clocks and the memory guard. */
export class Broker implements Disposable {
  readonly connections = new Set<BrokerConnection>();
  readonly listeners: Listener[] = [];
  readonly endOfTurn = new EndOfTurn();
  readonly workload = new Workload(this.endOfTurn, (nowMs) => this.sampler.turn(nowMs));
  readonly operations = new Operations(this.workload);
  readonly churn = new Churn();
  readonly sampler: Sampler;
  readonly deadLetters: DeadLetters;
  readonly directReplies = new DirectReplies();
  readonly memory: MemoryGuard;
  readonly waitingInput: InputRoom;
  readonly blockedInput: InputRoom;
  readonly users: Users;
  readonly vhosts: VHosts;
  readonly parameters: GlobalParameters;
  readonly store: MessageStore | undefined;
  readonly settings: BrokerSettings;
  /** Whose behaviour it has. */
  readonly release: Release;
  readonly emit: (event: BrokerEvent) => void;
  /** Messages that came back from the store. */
  recoveredMessages = 0;
  readonly #deadlines: DeadlineClock;
  readonly #discarded: DiscardedEntries;
  readonly #returns = new Returns(this.workload, (queue, error) => this.#failedIn(queue, error));
  readonly #timeoutCheck: ReturnType<typeof setInterval>;
  #position = 0;

  private constructor(settings: BrokerSettings, emit: (event: BrokerEvent) => void) {
    this.settings = settings;
    this.release = releaseNamed(settings.release);
    this.emit = emit;
    this.#deadlines = new DeadlineClock(this.workload, {
      now: () => this.now(),
      due: (queue) => this.vhosts.get(queue.vhost)?.expire(queue),
      failed: (queue, error) => this.#failedIn(queue, error),
    });
    this.deadLetters = new DeadLetters(this.workload, ({ queue, position }, error) => {
      this.#failedIn(queue, error, position);
    });
    const { maxMemoryBytes } = settings;
    this.waitingInput = new InputRoom(Math.min(INPUT_BYTES, maxMemoryBytes * WAITING_INPUT_SHARE));
    this.blockedInput = new InputRoom(Math.min(INPUT_BYTES, maxMemoryBytes * BLOCKED_INPUT_SHARE));
    const isSmall = maxMemoryBytes <= SMALL_MEMORY_BYTES;
    this.memory = new MemoryGuard(maxMemoryBytes, this.endOfTurn, {
      collect: () => collectGarbage(isSmall ? "now" : "beside the program"),
      failed: (error) => emit({ event: "internal-error", connection: 0, reason: stackOf(error) }),
      blocked: (memoryBytes) => emit({ event: "blocked", memoryBytes }),
      unblocked: (memoryBytes) => {
        emit({ event: "unblocked", memoryBytes });
        for (const connection of this.connections) connection.unblock();
      },
    });
    if (settings.dataDirectory !== undefined) {
      const { dataDirectory: directory, acceptDamage } = settings;
      this.store = new MessageStore({ directory, acceptDamage }, this.endOfTurn, {
        onFailed: (reason) => emit({ event: "store-failed", reason }),
        onMended: (reason) => emit({ event: "store-mended", reason }),
        onDamaged: (reason) => emit({ event: "store-damaged", reason }),
      });
    }
    this.#discarded = new DiscardedEntries(this.workload, this.endOfTurn, this.store);
    this.users = new Users(settings.users, this.store?.settings);
    this.parameters = new GlobalParameters(this.store?.settings);
    this.vhosts = new VHosts(this.#vhostContext(), this.store?.settings);
    for (const name of settings.vhosts) this.vhosts.named(octetsOf(name));
    this.sampler = new Sampler({
      workload: this.workload,
      all: () => this.#sampled(),
      now: () => performance.now(),
      failed: (error) => emit({ event: "internal-error", connection: 0, reason: stackOf(error) }),
    });
    const { consumerTimeoutMs } = settings;
    this.#timeoutCheck = setInterval(
      () => this.#checkTimeouts(),
      Math.min(TIMEOUT_CHECK_MS, Math.max(consumerTimeoutMs / 2, 100)),
    );
  }

  /**
   * A broker with all that its data directory holds.
   *
   * @param options.stop ends the start; its reason is thrown.
   * @throws {DataDirectoryError} when the data directory cannot be used.
   * @throws {DamagedDataError} when confirmed work is missing there, and that was not accepted.
   */
  static async open(
    settings: BrokerSettings,
    { emit, stop }: { emit: (event: BrokerEvent) => void; stop?: AbortSignal | undefined },
  ): Promise<Broker> {
    const broker = new Broker(settings, emit);
    await broker.#recover(stop);
    broker.sampler.begin();
    broker.users.addDefault();
    broker.vhosts.addDefault();
    broker.#deadlines.start();
    return broker;
  }

  /** All whose rates are told. */
  *#sampled(): Iterable<Sampled> {
    yield this.churn;
    for (const vhost of this.vhosts) {
      yield vhost;
      yield* vhost.queues;
      yield* vhost.exchanges;
    }
    for (const { traffic, client } of this.connections) {
      yield traffic;
      if (client !== undefined) yield* client.channels;
    }
  }

  #vhostContext(): VHostContext {
    return {
      release: this.release,
      consumerTimeoutMs: this.settings.consumerTimeoutMs,
      store: this.store,
      now: () => this.now(),
      nextPosition: () => ++this.#position,
      memory: this.memory,
      churn: this.churn,
      accountMemory: (bytes) => this.memory.accountMessages(bytes),
      wakeAt: (atMs: number, queue: Queue) => this.#deadlines.wakeAt(atMs, queue),
      discard: (entries) => this.#discarded.add(entries),
      returnLater: (entries) => this.#returns.add(entries),
      isTurnOver: () => this.workload.over(),
      directReplies: this.directReplies,
      deadLetters: this.deadLetters,
    };
  }

  /** An operation of a queue failed, and was given up: it is a bug, but no reason to stop. */
  #failedIn({ vhost, name }: EntryQueue, error: unknown, message?: number): void {
    this.emit({
      event: "operation-failed",
      vhost: textOf(vhost),
      queue: textOf(name),
      ...message === undefined ? {} : { message },
      reason: stackOf(error),
    });
  }

  async #recover(stop: AbortSignal | undefined): Promise<void> {
    const { store } = this;
    if (store === undefined) return;
    try {
      const { position, messages } = await recover(store.directory, {
        vhostNamed: (name) => this.vhosts.named(name),
        restoreSetting: (key, value) => this.#restoreSetting(key, value),
      }, stop);
      this.#position = position;
      this.recoveredMessages = messages;
    } catch (cause) {
      // What can be read is half of it: leave all as it is.
      clearInterval(this.#timeoutCheck);
      store.abandon();
      if (cause instanceof DamagedDataError || cause === stop?.reason) throw cause;
      throw new DataDirectoryError(this.settings.dataDirectory!, cause);
    }
  }

  #restoreSetting({ kind, vhost, name }: SettingKey, value: unknown): void {
    if (kind === "user") this.users.restore(name, value as UserRecord | null);
    else if (kind === "vhost") this.vhosts.restore(name, value as VHostMetadata | null);
    else if (kind === "policy") this.vhosts.named(vhost).policies.restore(name, value as Policy);
    else this.parameters.restore(name, value);
  }

  /** Milliseconds since 1970 by a clock that never goes back. */
  now(): number {
    return performance.timeOrigin + performance.now();
  }

  /** A name no one has: 22 characters of URL-safe base64. */
  newName(): string {
    return randomBytes(16).toString("base64url");
  }

  user(name: string): User | undefined {
    return this.users.get(name);
  }

  vhost(name: string): VHost | undefined {
    return this.vhosts.get(name);
  }

  /** Whether a deprecated feature may be used. */
  permits(feature: DeniableFeature): boolean {
    return !this.settings.denied.includes(feature) && !this.#isDeniedByDefault(feature);
  }

  /** @throws {ConnectionError} 541 for a deprecated feature that may not be used. */
  requirePermitted(feature: DeniableFeature): void {
    if (this.permits(feature)) return;
    const why = this.#isDeniedByDefault(feature)
      ? "By default, this feature is not permitted anymore.\nThe feature will be removed from a " +
        "future major RabbitMQ version, regardless of the configuration; actual version to be " +
        `determined.\nTo continue using this feature`
      : "Its use is not permitted per the configuration (overriding the default, which is " +
        `permitted):\n    "deprecated_features.permit.${feature} = false"\n` +
        "Its use will not be permitted by default in a future minor RabbitMQ version";
    const text = `Feature \`${feature}\` is deprecated.\n${why}`;
    throw new ConnectionError("INTERNAL_ERROR", text, { namesMethod: true });
  }

  #isDeniedByDefault(feature: DeniableFeature): boolean {
    if (feature === "global_qos") return this.release.globalQos === "denied";
    return feature === "queue_master_locator" && this.release.masterLocator === "denied";
  }

  #checkTimeouts(): void {
    if (this.release.overdueDelivery === "ends consumer") return; // its queues look after that
    const before = this.now() - this.settings.consumerTimeoutMs;
    for (const connection of this.connections) connection.checkConsumerTimeout(before);
  }

  /** Writes what is left and stops all clocks. */
  [Symbol.dispose](): void {
    clearInterval(this.#timeoutCheck);
    this.#deadlines[Symbol.dispose]();
    this.workload[Symbol.dispose]();
    this.operations.finish();
    this.#returns.finish();
    this.#discarded.finish();
    this.store?.[Symbol.dispose]();
    this.endOfTurn[Symbol.dispose]();
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? `${error.stack}` : String(error);
}
