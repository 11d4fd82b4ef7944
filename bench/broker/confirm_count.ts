/** How many publishes of a channel are confirmed, whatever the order and form of the confirms. */
export class ConfirmCount {
  /** All tags up to this one are confirmed. */
  #upTo = 0;
  /** Confirmed tags beyond it. */
  readonly #beyond = new Set<number>();

  get confirmed(): number {
    return this.#upTo + this.#beyond.size;
  }

  /** Takes a basic.ack. */
  add(tag: number, multiple: boolean): void {
    if (multiple) {
      for (const single of this.#beyond) if (single <= tag) this.#beyond.delete(single);
      if (tag > this.#upTo) this.#upTo = tag;
    } else if (tag === this.#upTo + 1) {
      this.#upTo = tag;
    } else {
      this.#beyond.add(tag);
    }
    while (this.#beyond.size > 0 && this.#beyond.delete(this.#upTo + 1)) this.#upTo++;
  }
}
