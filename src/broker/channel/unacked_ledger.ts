import type { Entry, EntryQueue } from "../model/entry.ts";
import { ChannelError } from "../wire/protocol_error.ts";

/** The deliveries of a channel that wait for an acknowledgement, by delivery tag, oldest first. */
export class UnackedLedger implements Iterable<Entry> {
  readonly #entries = new Map<number, Entry>();
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
    return this.#entries.size;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries.values();
  }

  add(entry: Entry): void {
    this.#entries.set(entry.deliveryTag, entry);
  }

  /** The delivery that waits longest. */
  oldest(): Entry | undefined {
    for (const entry of this.#entries.values()) return entry;
    return undefined;
  }

  /** Takes the delivery with this tag, when it alone is meant. */
  takeOne(tag: number): Entry {
    const entry = this.#entries.get(tag);
    if (entry === undefined) throw unknownTag(tag);
    this.#entries.delete(tag);
    return entry;
  }

  /**
   * Takes the delivery with this tag; with `multiple` all up to it, and with tag 0 all there are.
   * @throws {ChannelError} 406 for a tag that is not waiting (rule: basic.ack, "delivery-tag").
   */
  take(tag: number, { multiple }: { multiple: boolean }): Entry[] {
    if (!multiple) return [this.takeOne(tag)];
    if (tag !== 0 && !this.#entries.has(tag)) throw unknownTag(tag);
    const taken: Entry[] = [];
    for (const [each, entry] of this.#entries) {
      if (tag !== 0 && each > tag) break;
      taken.push(entry);
      this.#entries.delete(each);
    }
    return taken;
  }

  /** Puts entries back that a rolled-back transaction had taken. */
  restore(entries: readonly Entry[]): void {
    const all = [...this.#entries.values(), ...entries];
    all.sort((a, b) => a.deliveryTag - b.deliveryTag);
    this.#entries.clear();
    for (const entry of all) this.#entries.set(entry.deliveryTag, entry);
  }

  /** Takes everything. */
  takeAll(): Entry[] {
    const all = [...this.#entries.values()];
    this.#entries.clear();
    return all;
  }
}

function unknownTag(tag: number): ChannelError {
  return new ChannelError("PRECONDITION_FAILED", `unknown delivery tag ${tag}`);
}

/**
 * Entries by the consumer that holds them, in the order in which RabbitMQ settles them: queues and
 * consumer tags by name, what basic.get took first.
 */
export function byConsumer(entries: readonly Entry[]): Entry[][] {
  const groups = [...Map.groupBy(entries, (entry) => entry.subscriber ?? entry.queue).values()];
  if (groups.length === 1) return groups;
  const name = ([entry]: Entry[]) => `${entry!.queue.name}\0${entry!.subscriber?.tag ?? ""}`;
  return groups.sort((a, b) => name(a) < name(b) ? -1 : 1);
}

/** Entries by the queue they came from. */
export function byQueue(entries: readonly Entry[]): Map<EntryQueue, Entry[]> {
  const groups = new Map<EntryQueue, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.queue);
    if (group === undefined) groups.set(entry.queue, [entry]);
    else group.push(entry);
  }
  return groups;
}
