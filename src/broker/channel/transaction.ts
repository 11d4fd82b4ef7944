import type { Entry } from "../model/entry.ts";
import { ChannelError } from "../wire/protocol_error.ts";
import type { Publish } from "./content_assembly.ts";
import type { SettledBy } from "./settled_by.ts";

/** Octets that a held publish costs beside its message (estimate). */
const OVERHEAD_BYTES = 500;

/** Deliveries and how they are to be settled. */
export interface HeldSettlement {
  readonly entries: Entry[];
  readonly settlement: SettledBy;
}

/** Publishes and settlements of a tx channel, held back until tx.commit (class tx). */
export class Transaction {
  readonly #mostPublishes: number;
  #publishes: Publish[] = [];
  #settlements: HeldSettlement[] = [];
  /** What its publishes take, in octets. */
  heldBytes = 0;

  /** @param mostPublishes how many it may hold */
  constructor(mostPublishes: number) {
    this.#mostPublishes = mostPublishes;
  }

  get publishedCount(): number {
    return this.#publishes.length;
  }

  get settledCount(): number {
    return this.#settlements.reduce((sum, { entries }) => sum + entries.length, 0);
  }

  /** @throws {ChannelError} 406 for more publishes than RabbitMQ holds. */
  addPublish(publish: Publish): void {
    if (this.#publishes.length >= this.#mostPublishes) {
      throw new ChannelError(
        "PRECONDITION_FAILED",
        `transaction has reached the maximum of ${this.#mostPublishes} uncommitted publishes`,
      );
    }
    this.heldBytes += publish.message.memoryBytes + OVERHEAD_BYTES;
    this.#publishes.push({ ...publish, properties: { ...publish.properties } });
  }

  addSettlement(entries: Entry[], settlement: SettledBy): void {
    this.#settlements.push({ entries, settlement });
  }

  /** Takes out what it holds, to be carried out. */
  take(): { publishes: Publish[]; settlements: HeldSettlement[] } {
    const [publishes, settlements] = [this.#publishes, this.#settlements];
    this.#publishes = [];
    this.#settlements = [];
    this.heldBytes = 0;
    return { publishes, settlements };
  }

  /** Forgets what it holds. @returns the deliveries whose settlement was not committed */
  takeBack(): Entry[] {
    return this.take().settlements.flatMap(({ entries }) => entries);
  }
}
