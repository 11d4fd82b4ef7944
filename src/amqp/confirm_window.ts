/**
 * The publishes on one channel that the broker has not confirmed yet, oldest first.
 *
 * Numbers them as the broker does: 1 for the first publish after `confirm.select`, then up by one
 * (https://www.rabbitmq.com/docs/confirms#publisher-confirms).
 */
export class ConfirmWindow<T> {
  readonly #entries = new Map<number, T>();
  #lastTag = 0;

  /** Publishes in flight. */
  get size(): number {
    return this.#entries.size;
  }

  /** The one that has waited longest. */
  get oldest(): T | undefined {
    return this.#entries.values().next().value;
  }

  /** Adds a publish that has just been written; returns its delivery tag. */
  add(entry: T): number {
    this.#entries.set(++this.#lastTag, entry);
    return this.#lastTag;
  }

  /**
   * Takes out what one `basic.ack` or `basic.nack` of the broker settles, oldest first.
   * A tag that is not outstanding settles nothing; tag 0 with `multiple` settles all.
   */
  settle(deliveryTag: number, options: { multiple: boolean }): T[] {
    if (!options.multiple) {
      const entry = this.#entries.get(deliveryTag);
      return this.#entries.delete(deliveryTag) ? [entry as T] : [];
    }
    const settled: T[] = [];
    for (const [tag, entry] of this.#entries) {
      if (deliveryTag !== 0 && tag > deliveryTag) break;
      settled.push(entry);
      this.#entries.delete(tag);
    }
    return settled;
  }

  /** All that is outstanding, oldest first. */
  all(): Iterable<T> {
    return this.#entries.values();
  }

  /** The first outstanding publish, in order, that fits. */
  find(fits: (entry: T) => boolean): T | undefined {
    for (const entry of this.#entries.values()) if (fits(entry)) return entry;
    return undefined;
  }
}
