import type { Entry, EntryQueue } from "../model/entry.ts";
import { ChannelError } from "../wire/protocol_error.ts";

/** So many tags share a chunk: a table of a million deliveries alone takes long to grow. */
const CHUNK = 128;

/** So many are looked at in one step. */
const ENTRIES_PER_STEP = 16;

/** The deliveries with tags from a multiple of `CHUNK` on. */
interface Chunk {
  /** By what their tag is above the chunk's first. */
  readonly entries: (Entry | undefined)[];
  count: number;
}

/** The deliveries of a channel that wait for an acknowledgement, by delivery tag, oldest first. */
export class UnackedLedger implements Iterable<Entry> {
  /** By their first tag, oldest first. */
  readonly #chunks = new Map<number, Chunk>();
  /** The one that was used last: mostly it is the next one's, too. */
  #chunk: Chunk | undefined;
  #chunkAt = -1;
  /** The first tag of the last one: it stays while it is empty, for what comes. */
  #newestAt = -1;
  #size = 0;
  #lastTag = 0;

  /** Numbers a delivery; tags count from 1, for get and consume alike. */
  nextTag(): number {
    return ++this.#lastTag;
  }

  /** The tag of the next delivery. */
  get comingTag(): number {
    return this.#lastTag + 1;
  }

  get size(): number {
    return this.#size;
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (const { entries } of this.#chunks.values()) yield* waiting(entries);
  }

  add(entry: Entry): void {
    const tag = entry.deliveryTag;
    const at = tag - tag % CHUNK;
    let chunk = this.#chunkFrom(at);
    if (chunk === undefined) {
      if (this.#chunks.get(this.#newestAt)?.count === 0) this.#chunks.delete(this.#newestAt);
      chunk = { entries: new Array<undefined>(CHUNK).fill(undefined), count: 0 };
      this.#chunks.set(at, chunk);
      this.#chunk = chunk;
      this.#chunkAt = this.#newestAt = at;
    }
    if (chunk.entries[tag - at] === undefined) {
      chunk.count++;
      this.#size++;
    }
    chunk.entries[tag - at] = entry;
  }

  #chunkFrom(at: number): Chunk | undefined {
    if (at === this.#chunkAt) return this.#chunk;
    const chunk = this.#chunks.get(at);
    if (chunk === undefined) return undefined;
    this.#chunk = chunk;
    this.#chunkAt = at;
    return chunk;
  }

  /** The delivery that waits longest. */
  oldest(): Entry | undefined {
    for (const entry of this) return entry;
    return undefined;
  }

  /** Takes the delivery with this tag, when it alone is meant. */
  takeOne(tag: number): Entry {
    const at = tag - tag % CHUNK;
    const chunk = this.#chunkFrom(at);
    const entry = chunk?.entries[tag - at];
    if (chunk === undefined || entry === undefined) throw unknownTag(tag);
    chunk.entries[tag - at] = undefined;
    chunk.count--;
    this.#size--;
    if (chunk.count === 0) this.#drop(at);
    return entry;
  }

  /** One goes that is empty, or was taken whole; the last one stays. */
  #drop(at: number): void {
    if (at === this.#newestAt) return;
    this.#chunks.delete(at);
    if (at === this.#chunkAt) this.#chunkAt = -1;
  }

  /**
   * Takes the delivery with this tag; with `multiple` all up to it, and with tag 0 all there are.
   * @throws {ChannelError} 406 for a tag that is not waiting (rule: basic.ack, "delivery-tag").
   */
  take(tag: number, { multiple }: { multiple: boolean }): Deliveries {
    if (!multiple) return new Deliveries([[this.takeOne(tag)]], 1);
    if (tag === 0) return this.takeAll();
    const at = tag - tag % CHUNK;
    if (this.#chunks.get(at)?.entries[tag - at] === undefined) throw unknownTag(tag);
    const pieces = [];
    let count = 0;
    for (const [first, chunk] of this.#chunks) {
      if (first > tag) break;
      if (first === at) {
        const piece = chunk.entries.slice(0, tag - at + 1);
        chunk.entries.fill(undefined, 0, tag - at + 1);
        const taken = piece.filter((entry) => entry !== undefined).length;
        chunk.count -= taken;
        count += taken;
        pieces.push(piece);
        if (chunk.count === 0) this.#drop(at);
      } else {
        pieces.push(chunk.entries);
        count += chunk.count;
        this.#drop(first);
      }
    }
    this.#size -= count;
    return new Deliveries(pieces, count);
  }

  /** Puts entries back that a rolled-back transaction had taken. */
  restore(entries: Iterable<Entry>): void {
    for (const entry of inOrder(this.takeAll(), entries)) this.add(entry);
  }

  /** Takes everything. */
  takeAll(): Deliveries {
    const all = new Deliveries(
      [...this.#chunks.values()].map(({ entries }) => entries),
      this.#size,
    );
    this.#chunks.clear();
    this.#chunkAt = this.#newestAt = -1;
    this.#size = 0;
    return all;
  }
}

/** Deliveries that were taken out of a ledger, oldest first; all at once, even if a million. */
export class Deliveries implements Iterable<Entry> {
  readonly count: number;
  readonly #pieces: readonly (readonly (Entry | undefined)[])[];

  constructor(pieces: readonly (readonly (Entry | undefined)[])[], count: number) {
    this.#pieces = pieces;
    this.count = count;
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (const piece of this.#pieces) yield* waiting(piece);
  }
}

/** Those of a chunk that were not taken. */
function* waiting(entries: readonly (Entry | undefined)[]): Generator<Entry> {
  for (const entry of entries) if (entry !== undefined) yield entry;
}

/** All of them, oldest first. */
export function inOrder(one: Iterable<Entry>, other: Iterable<Entry>): Entry[] {
  return [...one, ...other].sort((a, b) => a.deliveryTag - b.deliveryTag);
}

function unknownTag(tag: number): ChannelError {
  return new ChannelError("PRECONDITION_FAILED", `unknown delivery tag ${tag}`);
}

/** Steps that end with the groups of entries that belong together. */
type Grouping<Key> = Generator<void, Map<Key, Entry[]>>;

/**
 * Entries by the consumer that holds them, in the order in which RabbitMQ settles them: queues and
 * consumer tags by name, what basic.get took first.
 */
export function* byConsumer(entries: Iterable<Entry>): Generator<void, Entry[][]> {
  const byHolder = yield* grouped(entries, (entry) => entry.subscriber ?? entry.queue);
  const groups = [...byHolder.values()];
  if (groups.length === 1) return groups;
  const name = ([entry]: Entry[]) => `${entry!.queue.name}\0${entry!.subscriber?.tag ?? ""}`;
  return groups.sort((a, b) => name(a) < name(b) ? -1 : 1);
}

/** Entries by the queue they came from. */
export function byQueue(entries: Iterable<Entry>): Grouping<EntryQueue> {
  return grouped(entries, ({ queue }) => queue);
}

/** As `Map.groupBy`, in steps, for a million in which mostly one is like the one before. */
function* grouped<Key>(entries: Iterable<Entry>, keyOf: (entry: Entry) => Key): Grouping<Key> {
  const groups = new Map<Key, Entry[]>();
  let last: Key | undefined;
  let group: Entry[] = [];
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key !== last) {
      last = key;
      group = groups.get(key) ?? [];
      groups.set(key, group);
    }
    group.push(entry);
    if (group.length % ENTRIES_PER_STEP === 0) yield;
  }
  return groups;
}
