/** How to acknowledge some deliveries with the fewest frames. */
export interface AckPlan {
  /** Every delivery tag up to this one (`multiple`); 0 for none. */
  readonly upTo: number;
  /** And these, one by one. */
  readonly single: readonly number[];
}

/**
 * The delivery tags of one consumer that are neither acknowledged nor rejected yet.
 *
 * A `basic.ack` with `multiple` settles all lower tags too (AMQP 0-9-1, basic.ack), so it may only
 * name a tag below which nothing else is outstanding.
 */
export class Unacknowledged {
  readonly #tags = new Set<number>(); // in the order of their delivery

  /**
   * @param tag higher than all before it, as the broker numbers deliveries (from 1, on each
   * channel)
   */
  delivered(tag: number): void {
    this.#tags.add(tag);
  }

  /** Settled by itself, other than by an ack. */
  settled(tag: number): void {
    this.#tags.delete(tag);
  }

  /** Takes these tags out, and says how to acknowledge them. */
  acknowledge(tags: readonly number[]): AckPlan {
    const known = tags.filter((tag) => this.#tags.delete(tag));
    const [oldest = Infinity] = this.#tags; // of what stays outstanding
    let upTo = 0;
    for (const tag of known) if (tag < oldest && tag > upTo) upTo = tag;
    return { upTo, single: known.filter((tag) => tag > oldest) };
  }
}
