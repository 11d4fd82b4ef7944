import type { BrokerEvent } from "../broker_event.ts";
import type { FaultKind } from "./fault.ts";

/** Whom a fault has struck. */
export interface FaultVictim {
  readonly connection: number;
  /** As AMQP numbers it; undefined for the connection. */
  readonly channel?: number;
  /** What it was doing: `publish 17`. */
  readonly what: string;
}

/** Tells each fault, and at the end how many there were. */
export class FaultLog {
  readonly #emit: (event: BrokerEvent) => void;
  readonly #seed: number;
  readonly #made = new Map<FaultKind, number>();

  constructor(kinds: Iterable<FaultKind>, seed: number, emit: (event: BrokerEvent) => void) {
    this.#emit = emit;
    this.#seed = seed;
    for (const kind of kinds) this.#made.set(kind, 0);
    emit({ event: "faults", seed });
  }

  made(fault: FaultKind, victim: FaultVictim): void {
    this.count(fault);
    this.#emit({ event: "fault", fault, ...victim });
  }

  /** One of those that are too many to be told. */
  count(fault: FaultKind): void {
    this.#made.set(fault, this.#made.get(fault)! + 1);
  }

  end(): void {
    this.#emit({ event: "faults-made", seed: this.#seed, made: Object.fromEntries(this.#made) });
  }
}
