/** A first-in, first-out buffer with constant-time `shift`, also with a million entries. */
export class Fifo<T> implements Iterable<T> {
  #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Puts it at the tail. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** The head, which stays; undefined where there is none. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** From head to tail; it must not change meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (let at = this.#head; at < this.#items.length; at++) yield this.#items[at] as T;
  }

  /** Whether one that waits fits. */
  some(fits: (item: T) => boolean): boolean {
    return this.#items.some((item, at) => at >= this.#head && fits(item));
  }

  /** Takes out everything, from head to tail. */
  takeAll(): T[] {
    const items = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return items;
  }

  /** Takes out the head; undefined where there is none. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head] as T;
    // Lets go of what was taken, so that the buffer never holds more than twice what waits in it.
    if (++this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
