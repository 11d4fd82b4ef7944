import type { Entry } from "../model/entry.ts";
import { ChannelError } from "../wire/protocol_error.ts";
import type { Publish } from "./content_assembly.ts";
import type { SettledBy } from "./settled_by.ts";
import type { Deliveries } from "./unacked_ledger.ts";

/** Octets that a held publish costs beside its message (estimate). */
const OVERHEAD_BYTES = 500;

/** Deliveries that were acknowledged, or refused, and how they are to be settled. */
export interface PendingAcknowledgement {
  readonly entries: Deliveries;
  readonly settledBy: SettledBy;
}

/** What is to be carried out. */
export interface HeldWork {
  readonly publishes: readonly Publish[];
  readonly acknowledgements: readonly PendingAcknowledgement[];
}

/** Publishes and acknowledgements of a tx channel, held back until tx.commit (class tx). */
export class Transaction {
  readonly #mostPublishes: number;
  #publishes: Publish[] = [];
  #acknowledgements: PendingAcknowledgement[] = [];
  /** What its publishes take, in octets. */
  heldBytes = 0;

  /** @param mostPublishes how many it may hold */
  constructor(mostPublishes: number) {
    this.#mostPublishes = mostPublishes;
  }

  get publishedCount(): number {
    return this.#publishes.length;
  }

  get acknowledgedCount(): number {
    return this.#acknowledgements.reduce((sum, { entries }) => sum + entries.count, 0);
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

  addAcknowledgement(entries: Deliveries, settledBy: SettledBy): void {
    this.#acknowledgements.push({ entries, settledBy });
  }

  /** Takes out what it holds, to be carried out. */
  take(): HeldWork {
    const [publishes, acknowledgements] = [this.#publishes, this.#acknowledgements];
    this.#publishes = [];
    this.#acknowledgements = [];
    this.heldBytes = 0;
    return { publishes, acknowledgements };
  }

  /** Forgets what it holds. @returns the deliveries whose acknowledgement was not committed */
  takeBack(): Entry[] {
    return this.take().acknowledgements.flatMap(({ entries }) => [...entries]);
  }
}
