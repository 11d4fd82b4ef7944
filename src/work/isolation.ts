import type { Delivery } from "../amqp/delivery.ts";
import { mustBeIsolated } from "../retry/attempts.ts";
import type { Disposition } from "./disposition.ts";
import type { Fifo } from "./fifo.ts";
import type { ReceivedTask } from "./received_task.ts";
import type { Session } from "./session.ts";
import type { Settlement } from "./settlement.ts";

/**
 * The last attempt after a worker's death: its task is given up if this worker dies too. So nothing
 * runs beside it, and no other such task is in hand, because that one would be given up with it.
 * Other tasks may come meanwhile; they wait.
 */
export class Isolation {
  readonly #waiting: Fifo<ReceivedTask>;
  readonly #settlement: Settlement;
  readonly #disposition: Disposition;
  /** Whether a task has the worker for itself, or waits until it has. */
  #state: "soon" | "now" | undefined;

  /** @param waiting what has arrived and was not started */
  constructor(
    waiting: Fifo<ReceivedTask>,
    settlement: Settlement,
    disposition: Disposition,
  ) {
    this.#waiting = waiting;
    this.#settlement = settlement;
    this.#disposition = disposition;
  }

  /** Whether a task may not be started yet while so many others run. */
  keepsBack({ delivery }: ReceivedTask, running: number): boolean {
    return this.#state !== undefined || (running > 0 && mustBeIsolated(delivery));
  }

  /** Whether one that has just arrived may not be in hand now: it is snoozed then. */
  turnsAway(session: Session, delivery: Delivery): boolean {
    if (this.#state !== "now" || !mustBeIsolated(delivery)) return false;
    this.#snoozeWaiting(session).catch((failure) => session.fail(failure));
    return true;
  }

  /** Makes the attempt as soon as the task has its worker for itself. */
  async during(session: Session, attempt: () => Promise<void> | undefined): Promise<void> {
    this.#state = "soon";
    try {
      await this.#settlement.settleAll();
      do {
        await this.#snoozeWaiting(session);
        await session.settled(); // what has arrived in its place is here now
      } while (this.#waiting.some(({ delivery }) => mustBeIsolated(delivery)));
      this.#state = "now";
      await attempt();
    } finally {
      this.#state = undefined;
    }
  }

  /** Snoozes what waits here to be tried in isolation. */
  async #snoozeWaiting(session: Session): Promise<void> {
    const waiting = this.#waiting.takeAll();
    for (const task of waiting) if (!mustBeIsolated(task.delivery)) this.#waiting.push(task);
    const isolated = waiting.map(({ delivery }) => delivery).filter(mustBeIsolated);
    await this.#disposition.snooze(session, isolated);
  }
}
