import type { EndOfTurn, TurnWork } from "./end_of_turn.ts";
import { ChannelError } from "./wire/protocol_error.ts";

/** Publishers go on once memory is below this share of the limit. */
const UNBLOCK_SHARE = 0.9;
/** From so far above the limit on nothing more is taken that can be refused: this share of it, */
const FULL_SHARE = 1 / 16;
/** but so many octets under any limit. */
const FULL_BYTES = 2 * 1024 * 1024;
/** While memory is short, what no queue has may be this share of the limit; */
const HELD_SHARE = 0.5;
/** or one large body, which may be whole soon, in octets; */
const HELD_BYTES = 16 * 1024 * 1024;
/** and while it is full, this one. */
const SHARE_WHEN_FULL = 0.125;
/** While it is short, definitions may be this one, and connections with their channels another. */
const DEFINITION_SHARE = 0.125;
const CONNECTION_SHARE = 0.125;

/**
 * Who makes the broker hold what is in no queue: a channel with unfinished publishes, or a client
 * that does not read.
 */
export interface MemoryHolder {
  /** Gives all of it up. The client is told, if it can be. */
  refuse(): void;
}

/**
 * What is held, and what was since the collector ran, may be that share of the limit before it is
 * asked to run:
 */
const COLLECT_FROM_SHARE = 0.5;
/** less what may be garbage under any limit, in octets; */
const GARBAGE_BYTES = 48 * 1024 * 1024;
/** each time after so much more was taken in, */
const COLLECT_SHARE = 0.125;
/** or read, as a share of the limit. */
const COLLECT_READ_SHARE = 0.0625;

/** What the guard tells the broker. */
export interface MemoryWatcher {
  /** Publishers wait from now on, as they publish. */
  blocked(memoryBytes: number): void;
  /** They go on. */
  unblocked(memoryBytes: number): void;
  /** It is time to give back what nobody holds any more. */
  collect(): void;
  /** Somebody could not be refused, or not go on: the others are. */
  failed(error: unknown): void;
}

/**
 * All that clients make the broker hold, in octets: messages in queues, definitions (queues,
 * exchanges, bindings, consumers), connections with their channels, and what holders hold. It only
 * counts what it is told.
 *
 * Over the limit memory is *short*: publishers wait, as RabbitMQ's memory alarm makes them. If that
 * cannot help, because what is held is in no queue from which a consumer could take it, the one who
 * holds most of it is refused.
 */
export class MemoryGuard implements TurnWork {
  readonly limitBytes: number;
  readonly #endOfTurn: EndOfTurn;
  readonly #watcher: MemoryWatcher;
  readonly #holders = new Map<MemoryHolder, number>();
  #messageBytes = 0;
  #definitionBytes = 0;
  #connectionBytes = 0;
  #heldBytes = 0;
  #short = false;
  #alarm = false;
  /** Whether publishers may wait: they go on at the end of the turn. */
  #blocks = false;
  /** Since the collector was asked: taken in, */
  #newBytes = 0;
  /** given back, */
  #garbageBytes = 0;
  /** and read from clients, which soon is garbage too. */
  #readBytes = 0;

  constructor(limitBytes: number, endOfTurn: EndOfTurn, watcher: MemoryWatcher) {
    this.limitBytes = limitBytes;
    this.#endOfTurn = endOfTurn;
    this.#watcher = watcher;
  }

  /** All of it, in octets. */
  get bytes(): number {
    return this.#messageBytes + this.#definitionBytes + this.#connectionBytes + this.#heldBytes;
  }

  /** Whether publishers are held back. */
  get short(): boolean {
    return this.#short || this.#alarm;
  }

  /** Publishers are held back although there is room. */
  set alarm(on: boolean) {
    this.#alarm = on;
    if (on) this.#blocks = true;
    else this.#endOfTurn.want("send", this);
  }

  /** Whether there is not even room for what publishers had begun. */
  get full(): boolean {
    const { limitBytes } = this;
    return this.#short && this.bytes - limitBytes > Math.max(limitBytes * FULL_SHARE, FULL_BYTES);
  }

  /** That much was read from a client. */
  noteRead(bytes: number): void {
    if ((this.#readBytes += bytes) > this.limitBytes * COLLECT_READ_SHARE) this.#collect();
  }

  /** Messages in queues take that much more, or less. */
  accountMessages(bytes: number): void {
    this.#messageBytes += bytes;
    this.#judge(bytes);
  }

  /** Definitions take that much more, or less. */
  accountDefinitions(bytes: number): void {
    this.#definitionBytes += bytes;
    this.#judge(bytes);
  }

  /** Connections and their channels take that much more, or less. */
  accountConnections(bytes: number): void {
    this.#connectionBytes += bytes;
    this.#judge(bytes);
  }

  /** Whether there is no room for more of them: memory is short, and they are a good part of it. */
  get crowded(): boolean {
    return this.#short && this.#connectionBytes > this.limitBytes * CONNECTION_SHARE;
  }

  /** The holder holds that much now. */
  hold(holder: MemoryHolder, bytes: number): void {
    const more = bytes - (this.#holders.get(holder) ?? 0);
    this.#heldBytes += more;
    if (bytes === 0) this.#holders.delete(holder);
    else this.#holders.set(holder, bytes);
    this.#judge(more);
    if (this.#short && this.#isHeldTooMuch()) this.#endOfTurn.want("send", this);
  }

  /** @throws {ChannelError} 406 when memory is short, and definitions are a good part of it */
  requireRoom(): void {
    if (this.#short && this.#definitionBytes > this.limitBytes * DEFINITION_SHARE) {
      throw outOfMemory();
    }
  }

  #isHeldTooMuch(): boolean {
    const { limitBytes } = this;
    return this.#heldBytes >
      (this.full ? limitBytes * SHARE_WHEN_FULL : Math.max(limitBytes * HELD_SHARE, HELD_BYTES));
  }

  /** Refuses those who hold most, and lets publishers go on: not in the midst of what they do. */
  endTurn(): boolean {
    const refuses = this.#short && this.#isHeldTooMuch();
    while (this.#short && this.#isHeldTooMuch()) {
      let [most, mostBytes]: [MemoryHolder | undefined, number] = [undefined, 0];
      for (const [holder, bytes] of this.#holders) {
        if (bytes > mostBytes) [most, mostBytes] = [holder, bytes];
      }
      this.hold(most!, 0);
      most!.refuse();
    }
    if (refuses) this.#collect();
    if (this.#blocks && !this.short) {
      this.#blocks = false;
      this.#watcher.unblocked(this.bytes);
    }
    return false;
  }

  failed(error: unknown): void {
    this.#watcher.failed(error);
    this.#endOfTurn.want("send", this);
  }

  #collect(): void {
    const fromBytes = this.limitBytes * COLLECT_FROM_SHARE - GARBAGE_BYTES;
    if (this.bytes + this.#garbageBytes < fromBytes) return;
    this.#newBytes = this.#garbageBytes = this.#readBytes = 0;
    this.#watcher.collect();
  }

  #judge(more: number): void {
    const { bytes, limitBytes } = this;
    if (more < 0) this.#garbageBytes -= more;
    else if ((this.#newBytes += more) > limitBytes * COLLECT_SHARE) this.#collect();
    if (this.#short ? bytes >= limitBytes * UNBLOCK_SHARE : bytes <= limitBytes) return;
    this.#short = !this.#short;
    if (!this.#short) this.#endOfTurn.want("send", this);
    else if (!this.#blocks) {
      this.#blocks = true;
      this.#watcher.blocked(bytes);
    }
  }
}

/** The refusal of what does not fit any more. */
export function outOfMemory(): ChannelError {
  return new ChannelError(
    "PRECONDITION_FAILED",
    "refused because a memory resource alarm is in effect",
  );
}
