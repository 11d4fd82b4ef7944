import { chanceOf } from "./chance.ts";
import type { RecurringFault } from "./fault.ts";

/** Where an event happens; both count from 1, in the order in which they were opened. */
export interface Place {
  readonly connection: number;
  /** Of this connection; 0 for what is of no channel. Numbers of AMQP are used again. */
  readonly channel: number;
}

/** Decides which events a fault strikes, by where they happen and how many came before. */
export class Strikes {
  readonly fault: RecurringFault;
  readonly #seed: number;
  #left: number;

  /** @param seed of this fault alone, so that two of a kind strike at different times */
  constructor(fault: RecurringFault, seed: number) {
    this.fault = fault;
    this.#seed = seed;
    this.#left = fault.times;
  }

  /** @param before how many events of the place have gone well */
  strikes({ connection, channel }: Place, before: number): boolean {
    if (this.#left === 0) return false;
    const { fault } = this;
    const struck = "after" in fault
      ? before === fault.after
      : chanceOf(this.#seed, connection, channel, before) < fault.chance;
    if (struck) this.#left--;
    return struck;
  }
}
