import type { Entry } from "./entry.ts";

/**
 * The ready entries of one priority, in order of position.
 *
 * Fresh entries arrive in order and wait in a ring (O(1)); returned ones wait in a heap, so that a
 * requeued entry takes its original position at O(log n), wherever that is.
 */
export class ReadyList {
  #ring: (Entry | undefined)[] = new Array(16).fill(undefined);
  #head = 0;
  #count = 0;
  #returned: Entry[] = [];

  /** All, in any order; they stay. */
  *[Symbol.iterator](): Iterator<Entry> {
    for (let index = 0; index < this.#count; index++) {
      yield this.#ring[(this.#head + index) & (this.#ring.length - 1)]!;
    }
    yield* this.#returned;
  }

  get length(): number {
    return this.#count + this.#returned.length;
  }

  /** Appends an entry whose position is above all that were appended before. */
  append(entry: Entry): void {
    if (this.#count === this.#ring.length) this.#resize(this.#count * 2);
    this.#ring[(this.#head + this.#count) & (this.#ring.length - 1)] = entry;
    this.#count++;
  }

  /** Puts an entry back where it was. */
  requeue(entry: Entry): void {
    const heap = this.#returned;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.position <= entry.position) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** The entry in front, left in place. */
  first(): Entry | undefined {
    const fresh = this.#count > 0 ? this.#ring[this.#head] : undefined;
    const returned = this.#returned[0];
    if (fresh === undefined) return returned;
    if (returned === undefined) return fresh;
    return returned.position < fresh.position ? returned : fresh;
  }

  /** Takes the entry in front. */
  shift(): Entry | undefined {
    const entry = this.first();
    if (entry === undefined) return undefined;
    if (entry === this.#returned[0]) {
      this.#shiftReturned();
    } else {
      this.#ring[this.#head] = undefined;
      this.#head = (this.#head + 1) & (this.#ring.length - 1);
      this.#count--;
      if (this.#count * 4 < this.#ring.length && this.#ring.length > 1024) {
        this.#resize(this.#ring.length / 2);
      }
    }
    return entry;
  }

  #shiftReturned(): void {
    const heap = this.#returned;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    while (true) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.position < heap[child]!.position) child++;
      if (heap[child]!.position >= last.position) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }

  #resize(capacity: number): void {
    const ring: (Entry | undefined)[] = new Array(capacity).fill(undefined);
    for (let index = 0; index < this.#count; index++) {
      ring[index] = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
    }
    this.#ring = ring;
    this.#head = 0;
  }
}
