import type { Entry } from "./entry.ts";
import type { PriorityScheme, ReturnPlace } from "./queue_policy.ts";
import { ReadyList } from "./ready_list.ts";

/** How many of the upper lane leave before one of the lower. */
const UPPER_LANE_TURNS = 2;

/** The entries of a queue that wait for a consumer, in the order in which they leave. */
export class ReadyEntries {
  readonly #scheme: PriorityScheme;
  /** Of what is returned from now on. */
  returnPlace: ReturnPlace;
  /** What came back and leaves before all others. */
  readonly #returns = new ReadyList();
  /** One list a priority, lowest first; most queues have one. */
  readonly #levels: ReadyList[];
  /** No higher level has entries. */
  #top = 0;
  /** So many of the upper lane left since one of the lower did. */
  #upperTurns = 0;
  #count = 0;
  #bytes = 0;

  constructor(scheme: PriorityScheme, returnPlace: ReturnPlace) {
    this.#scheme = scheme;
    this.returnPlace = returnPlace;
    this.#levels = Array.from({ length: scheme.levels }, () => new ReadyList());
  }

  /** All, in any order; they stay. */
  *[Symbol.iterator](): Iterator<Entry> {
    yield* this.#returns;
    for (const level of this.#levels) yield* level;
  }

  get count(): number {
    return this.#count;
  }

  /** Sum of the bodies, in octets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an entry whose position is above all others. */
  append(entry: Entry): void {
    this.#levelOf(entry).append(entry);
    this.#counted(entry, 1);
  }

  /** Adds an entry that had been delivered. */
  requeue(entry: Entry): void {
    if (this.returnPlace === "front") this.#returns.append(entry);
    else if (this.returnPlace === "tail") this.#levelOf(entry).append(entry);
    else this.#levelOf(entry).requeue(entry);
    this.#counted(entry, 1);
  }

  /** Takes the entry whose turn it is. */
  shift(): Entry | undefined {
    if (this.#count === 0) return undefined;
    const entry = (this.#returns.length > 0 ? this.#returns.shift() : undefined) ?? this.#next();
    this.#counted(entry, -1);
    return entry;
  }

  /**
   * Takes what has expired: heads of every priority (per-message expirations leave only there).
   * @param giveUp told each of them, says whether there is time for the next
   * @returns when the next head expires, `now` if it has; Infinity for never
   */
  expire(now: number, giveUp: (entry: Entry) => boolean): number {
    let next = Infinity;
    for (const list of [this.#returns, ...this.#levels]) {
      for (let entry = list.first(); entry !== undefined; entry = list.first()) {
        if (entry.expiresAt > now) {
          next = Math.min(next, entry.expiresAt);
          break;
        }
        list.shift();
        this.#counted(entry, -1);
        if (!giveUp(entry)) return now;
      }
    }
    return next;
  }

  #next(): Entry {
    if (this.#scheme.turns === "upper twice") return this.#nextOfLanes();
    for (;;) {
      const entry = this.#levels[this.#top]!.shift();
      if (entry !== undefined) return entry;
      this.#top--;
    }
  }

  #nextOfLanes(): Entry {
    const [lower, upper] = this.#levels as [ReadyList, ReadyList];
    const lowersTurn = this.#upperTurns >= UPPER_LANE_TURNS && lower.length > 0;
    const entry = lowersTurn ? undefined : upper.shift();
    this.#upperTurns = entry === undefined ? 0 : this.#upperTurns + 1;
    return entry ?? lower.shift()!;
  }

  #levelOf(entry: Entry): ReadyList {
    const level = this.#levels.length === 1 ? 0 : this.#scheme.levelOf(entry.message.priority);
    if (level > this.#top) this.#top = level;
    return this.#levels[level]!;
  }

  #counted(entry: Entry, sign: 1 | -1): void {
    this.#count += sign;
    this.#bytes += sign * entry.message.bodyBytes;
  }
}
