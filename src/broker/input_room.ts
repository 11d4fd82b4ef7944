/** A connection that is read, as far as the room for input is concerned. */
export interface Reader {
  /** The room became full, or has room again. */
  roomChanged(): void;
}

/**
 * Room for what was read of clients and not yet looked at, shared by all whose input is kept there.
 * It is full above its limit, and until half of that is free; who fills it is not read meanwhile.
 */
export class InputRoom {
  readonly #limitBytes: number;
  /** They are read again in the order in which they were read last. */
  readonly #readers = new Set<Reader>();
  #bytes = 0;
  #full = false;

  /** @param limitBytes give or take what is read at once */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get full(): boolean {
    return this.#full;
  }

  /** What one reader may fill, in octets. */
  get shareBytes(): number {
    return this.#limitBytes / Math.max(this.#readers.size, 1);
  }

  /** It fills the room from now on: it has been read a moment ago. */
  enter(reader: Reader): void {
    this.#readers.delete(reader);
    this.#readers.add(reader);
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader);
  }

  /** So much more is kept, or less. */
  account(bytes: number): void {
    this.#bytes += bytes;
    const full = this.#bytes > (this.#full ? this.#limitBytes / 2 : this.#limitBytes);
    if (full === this.#full) return;
    this.#full = full;
    for (const reader of [...this.#readers]) reader.roomChanged();
  }
}
