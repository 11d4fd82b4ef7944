import { setTimeout } from "node:timers/promises";

/**
 * So many tasks may be on their way: enough for load, and few enough to be done soon in the end.
 */
const MAX_ON_THEIR_WAY = 500;
const LOOK_MS = 20;

/** Numbered tasks, one a line, as fast as they are done, until it is told to end. */
export class TaskFeed {
  readonly lines: ReadableStream<Uint8Array>;
  #count = 0;
  #maxOnTheirWay = MAX_ON_THEIR_WAY;
  #ended = false;

  /** @param done how many tasks are done */
  constructor(done: () => Promise<number>) {
    this.lines = ReadableStream.from(this.#tasks(done)).pipeThrough(new TextEncoderStream());
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** So many more at once, whether others are done or not. */
  add(count: number): void {
    this.#maxOnTheirWay += count;
  }

  end(): void {
    this.#ended = true;
  }

  async *#tasks(done: () => Promise<number>): AsyncGenerator<string> {
    while (!this.#ended) {
      let room = await done() + this.#maxOnTheirWay - this.#count;
      while (room-- > 0) yield `${++this.#count}\n`;
      await setTimeout(LOOK_MS);
    }
  }
}
