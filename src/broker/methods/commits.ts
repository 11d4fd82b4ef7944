import type { Routed } from "../model/router.ts";
import type { CommitWaiter, MessageStore } from "../store/message_store.ts";

/** Waits for all that one operation has stored: in slices it joins many batches of the store. */
export class Commits implements CommitWaiter {
  readonly #store: MessageStore | undefined;
  readonly #done: (ok: boolean) => void;
  /** Besides the commits, the end of the operation is due. */
  #due = 1;
  #ok = true;

  /** @param done told once all is on disk, or one batch was refused */
  constructor(store: MessageStore | undefined, done: (ok: boolean) => void) {
    this.#store = store;
    this.#done = done;
  }

  /**
   * Goes through what becomes of a message in its queues, and waits for what they store.
   * @returns whether none refused it
   */
  *follow(all: Iterable<Routed>): Generator<void, boolean> {
    let isTaken = true;
    for (const one of all) {
      if (one === "storing") this.await();
      if (one === "rejected") isTaken = false;
      yield;
    }
    return isTaken;
  }

  /** Something has joined the running batch. */
  await(): void {
    if (this.#store === undefined) return;
    this.#due++;
    this.#store.whenCommitted(this, 0);
  }

  /** Nothing more is to come. */
  end(): void {
    this.committed(0, true);
  }

  committed(_ticket: number, ok: boolean): void {
    this.#ok &&= ok;
    if (--this.#due === 0) this.#done(this.#ok);
  }
}
