/** What the broker said of a task. */
export type SaidOfTask = "confirmed" | "refused" | "unknown";

/** Tasks by their numbers, from 1. */
export interface Account {
  /** Handed to the broker. */
  readonly attempted: number;
  readonly confirmed: number;
  /** `basic.nack` or `basic.return`: it is not to arrive. */
  readonly refused: number;
  /** Confirmed, and arrived. */
  readonly ok: number;
  /** Confirmed, and never arrived. */
  readonly lost: readonly number[];
  /** Arrived more than once. */
  readonly duplicated: readonly number[];
  /** Nobody knew whether it was taken, and it arrived. */
  readonly recovered: readonly number[];
  /** Arrived although refused, or never sent: as their message ids say. */
  readonly unexpected: readonly string[];
  /** Arrived behind a later task at the same worker, and was not redelivered. */
  readonly overtaken: readonly number[];
  /** From the publish to the arrival, the first of each task: ascending, in milliseconds. */
  readonly latenciesMs: Float64Array;
}

const OUTCOMES = ["pending", "confirmed", "refused", "unknown"] as const;

/**
 * Who sent what and what arrived, held against each other as Jepsen's checker `total-queue` does
 * (https://jepsen-io.github.io/jepsen/jepsen.checker.html).
 */
export class TaskLedger {
  readonly #prefix: string;
  /** Of each task: when it was published; NaN before. */
  readonly #sentAtMs: Float64Array;
  /** Of each task, an index of OUTCOMES. */
  readonly #outcomes: Uint8Array;
  readonly #arrivals: Uint32Array;
  readonly #latenciesMs: Float64Array;
  readonly #unexpected: string[] = [];
  readonly #overtaken: number[] = [];
  /** The highest task that each worker got. */
  readonly #highest = new Map<string, number>();
  #attempted = 0;

  /** @param prefix of the message ids of this run: the number of the task follows */
  constructor(prefix: string, tasks: number) {
    this.#prefix = prefix;
    this.#sentAtMs = new Float64Array(tasks + 1).fill(NaN);
    this.#outcomes = new Uint8Array(tasks + 1);
    this.#arrivals = new Uint32Array(tasks + 1);
    this.#latenciesMs = new Float64Array(tasks + 1).fill(NaN);
  }

  messageId(task: number): string {
    return `${this.#prefix}${task}`;
  }

  sent(task: number, atMs: number): void {
    this.#attempted++;
    this.#sentAtMs[task] = atMs;
  }

  /** What was said of a message; the last word counts. */
  said(messageId: string, outcome: SaidOfTask): void {
    const task = this.#taskOf(messageId);
    if (task === undefined) return;
    this.#outcomes[task] = OUTCOMES.indexOf(outcome);
  }

  /** A message arrived at a worker. */
  arrived(
    messageId: string | undefined,
    { worker, redelivered, atMs }: {
      readonly worker: string;
      readonly redelivered: boolean;
      readonly atMs: number;
    },
  ): void {
    const task = messageId === undefined ? undefined : this.#taskOf(messageId);
    if (task === undefined || Number.isNaN(this.#sentAtMs[task])) {
      this.#unexpected.push(messageId ?? "(no message id)");
      return;
    }
    if (this.#arrivals[task]!++ === 0) this.#latenciesMs[task] = atMs - this.#sentAtMs[task]!;
    const highest = this.#highest.get(worker) ?? 0;
    if (task > highest) this.#highest.set(worker, task);
    else if (!redelivered && this.#arrivals[task] === 1) this.#overtaken.push(task);
  }

  account(): Account {
    const lost: number[] = [];
    const duplicated: number[] = [];
    const recovered: number[] = [];
    const unexpected = [...this.#unexpected];
    let ok = 0;
    let refused = 0;
    for (let task = 1; task < this.#outcomes.length; task++) {
      const arrivals = this.#arrivals[task]!;
      if (arrivals > 1) duplicated.push(task);
      switch (OUTCOMES[this.#outcomes[task]!]) {
        case "confirmed":
          if (arrivals > 0) ok++;
          else lost.push(task);
          break;
        case "refused":
          refused++;
          if (arrivals > 0) unexpected.push(this.messageId(task));
          break;
        default:
          if (arrivals > 0) recovered.push(task);
      }
    }
    return {
      attempted: this.#attempted,
      confirmed: ok + lost.length,
      refused,
      ok,
      lost,
      duplicated,
      recovered,
      unexpected,
      overtaken: this.#overtaken,
      latenciesMs: this.#latenciesMs.filter((ms) => !Number.isNaN(ms)).sort(),
    };
  }

  #taskOf(messageId: string): number | undefined {
    if (!messageId.startsWith(this.#prefix)) return undefined;
    const task = Number(messageId.slice(this.#prefix.length));
    return task >= 1 && task < this.#outcomes.length ? task : undefined;
  }
}
