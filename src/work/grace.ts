/** The time that running tasks have after a stop. */
export class Grace implements Disposable {
  readonly #controller = new AbortController();
  readonly #over = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Fires when it is over: then work ends at once. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.signal.aborted;
  }

  /** Resolves when it is over. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** It lasts so long from now on. */
  begin(ms: number): void {
    this.#timer = setTimeout(() => this.end(), ms);
  }

  /** It is over now, whether it has begun or not. */
  end(): void {
    this.#controller.abort();
    this.#over.resolve();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
