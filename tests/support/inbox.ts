import { within } from "./deadline.ts";

/** What arrived, in order, for a reader that waits for the next one. */
export class Inbox<T> {
  readonly #waiting: T[] = [];
  readonly #readers: { resolve: (item: T) => void; reject: (error: Error) => void }[] = [];
  #end: Error | undefined;

  /** How many have arrived that no one has taken. */
  get size(): number {
    return this.#waiting.length;
  }

  push(item: T): void {
    const reader = this.#readers.shift();
    if (reader) reader.resolve(item);
    else this.#waiting.push(item);
  }

  /** Nothing will arrive any more; readers get the error once the rest is taken. */
  end(error: Error): void {
    this.#end ??= error;
    for (const reader of this.#readers.splice(0)) reader.reject(this.#end);
  }

  /** The next one, waited for. */
  next(awaited: string): Promise<T> {
    if (this.#waiting.length > 0) return Promise.resolve(this.#waiting.shift()!);
    if (this.#end) return Promise.reject(this.#end);
    const item = new Promise<T>((resolve, reject) => this.#readers.push({ resolve, reject }));
    return within(item, awaited);
  }
}
