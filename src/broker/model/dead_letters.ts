import type { Work, Workload } from "../workload.ts";
import type { Entry, EntryQueue } from "./entry.ts";
import type { Message } from "./message.ts";
import type { DeathReason } from "./queue_context.ts";

/** What a letter into one queue counts in steps of the workload, */
const POST_STEPS = 4;
/** and for its properties, which are read and written anew: they tell of all deaths so far. */
const PROPERTY_BYTES_PER_STEP = 50;

/** An entry that leaves its queue for the dead-letter exchange. */
export interface Death {
  readonly entry: Entry;
  readonly reason: DeathReason;
  /** What the letter begins with, in a queue that counts. */
  readonly deliveryCount: number;
  readonly way: LetterWay;
}

/** A letter, and the queues that it has yet to reach. */
export interface Letter {
  readonly message: Message;
  readonly queues: readonly EntryQueue[];
}

/** The virtual host of a death. */
export interface LetterWay {
  /** Makes the letter and finds its queues. */
  letterOf(death: Death): Letter;
  /** Enqueues it in one of them. */
  post(message: Message, queue: EntryQueue, death: Death): void;
}

/** The deaths in one queue, in order. */
class Line {
  readonly queue: EntryQueue;
  readonly deaths: Death[] = [];
  /** The one at hand, */
  at = 0;
  /** its letter, */
  letter: Letter | undefined;
  /** and how many of the letter's queues had their turn. */
  posted = 0;

  constructor(queue: EntryQueue) {
    this.queue = queue;
  }
}

/**
 * What is to be dead-lettered, as a list of work: one letter into one queue is a unit.
 *
 * The letters of a queue leave in the order of its deaths. What a letter causes where it arrives
 * comes next, before the rest of its own queue: as in a recursion, so that a way through a thousand
 * queues, or all ways through eight, need no more memory than one way is long. An entry is
 * forgotten once all its letters are in line for the disk, so that a crash loses none.
 */
export class DeadLetters implements Work {
  readonly #workload: Workload;
  readonly #onFailed: (entry: Entry, error: unknown) => void;
  readonly #lines = new Map<EntryQueue, Line>();
  /** The line at hand, and above it those that its letter has brought about. */
  readonly #stack: Line[] = [];
  /** They come after that: a set keeps their order. */
  readonly #waiting = new Set<Line>();
  #posting = false;
  /** Deaths since `work` was called last. */
  #added = false;

  /** @param onFailed a letter could not be made, or not be posted everywhere */
  constructor(workload: Workload, onFailed: (entry: Entry, error: unknown) => void) {
    this.#workload = workload;
    this.#onFailed = onFailed;
  }

  add(death: Death): void {
    const { queue } = death.entry;
    this.#added = true;
    let line = this.#lines.get(queue);
    if (line === undefined) {
      this.#lines.set(queue, line = new Line(queue));
      if (this.#posting) this.#stack.push(line);
      else this.#waiting.add(line);
    }
    line.deaths.push(death);
    if (!this.#posting) this.#workload.add(this);
  }

  /** Whoever has just added some does them at once, as long as its slice lasts. */
  workOffAdded(): void {
    if (this.#added) this.#workload.within(this);
  }

  work(): boolean {
    this.#added = false;
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      this.#step(line);
      if (this.#workload.over(POST_STEPS)) return this.#lines.size > 0;
    }
    return false;
  }

  /** Never: a step that throws ends here. */
  failed(error: unknown): never {
    throw error;
  }

  #next(): Line | undefined {
    const line = this.#stack.at(-1);
    if (line !== undefined) return line;
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      this.#stack.push(waiting);
      return waiting;
    }
    return undefined;
  }

  #step(line: Line): void {
    const death = line.deaths[line.at]!;
    const place = this.#stack.length - 1;
    this.#posting = true;
    try {
      if (line.letter === undefined) {
        line.letter = death.way.letterOf(death);
        // It counts; `work` asks after the step.
        this.#workload.over(line.letter.message.propertyBytes / PROPERTY_BYTES_PER_STEP);
      }
      const queue = line.letter.queues[line.posted++];
      if (queue !== undefined) death.way.post(line.letter.message, queue, death);
    } catch (error) {
      line.letter ??= NOWHERE;
      this.#onFailed(death.entry, error);
    } finally {
      this.#posting = false;
    }
    if (line.posted < line.letter.queues.length) return;
    line.letter = undefined;
    line.posted = 0;
    death.entry.queue.forget(death.entry);
    if (++line.at < line.deaths.length) return;
    this.#lines.delete(line.queue);
    this.#stack.splice(place, 1);
  }
}

/** The letter that could not be made. */
const NOWHERE = { message: undefined as never, queues: [] } as const;
