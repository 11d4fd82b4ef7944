/** How long a test waits for something that must come before it fails. */
const DEADLINE_MS = 15_000;

/** How long a whole behaviour may take: a wait that has no deadline of its own must not hang the run. */
export const BEHAVIOUR_DEADLINE_MS = 45_000;

/** Resolves with the promise, or fails saying what did not come in time. */
export async function within<T>(
  promise: Promise<T>,
  awaited: string,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${awaited}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until the answer is there; for state that a broker gives no event for. */
export async function eventually(awaited: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited too long for ${awaited}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

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
