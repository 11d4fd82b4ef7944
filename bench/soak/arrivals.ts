/**
 * What has arrived of one producer's messages, which are numbered from 0: each exactly once, and
 * at every consumer in the order in which they were sent.
 */
export class Arrivals {
  readonly #seen: Uint8Array;
  readonly #last = new Map<object, number>();
  #count = 0;

  /** @param messages how many the producer sends */
  constructor(messages: number) {
    this.#seen = new Uint8Array(Math.ceil(messages / 8));
  }

  get count(): number {
    return this.#count;
  }

  /** @throws when it came before, or after a later one of the same consumer. */
  add(sequence: number, consumer: object): void {
    const [at, bit] = [sequence >> 3, 1 << (sequence & 7)] as const;
    if (at >= this.#seen.length) throw new Error(`message ${sequence} was never sent`);
    if (this.#seen[at]! & bit) throw new Error(`message ${sequence} came twice`);
    const last = this.#last.get(consumer) ?? -1;
    if (sequence < last) throw new Error(`message ${sequence} came after ${last}`);
    this.#seen[at]! |= bit;
    this.#last.set(consumer, sequence);
    this.#count++;
  }
}
