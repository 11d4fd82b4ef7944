import type { Channel } from "./channel.ts";
import type { Publish } from "./content_assembly.ts";
import { enqueue } from "../methods/publish.ts";
import { settle, type Settlement } from "../methods/settlement.ts";
import type { Entry } from "../model/entry.ts";
import type { CommitWaiter } from "../store/message_store.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";

/** Publishes and settlements of a tx channel, held back until tx.commit (class tx). */
export class Transaction implements CommitWaiter {
  readonly #channel: Channel;
  #publishes: Publish[] = [];
  #settlements: { entries: Entry[]; settlement: Settlement }[] = [];

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** @throws {ChannelError} 406 for more publishes than RabbitMQ holds. */
  addPublish(publish: Publish): void {
    const most = this.#channel.connection.broker.release.transactionPublishes;
    if (this.#publishes.length >= most) {
      throw new ChannelError(
        "PRECONDITION_FAILED",
        `transaction has reached the maximum of ${most} uncommitted publishes`,
      );
    }
    this.#publishes.push({ ...publish, properties: { ...publish.properties } });
  }

  addSettlement(entries: Entry[], settlement: Settlement): void {
    this.#settlements.push({ entries, settlement });
  }

  /**
   * Carries everything out; commit-ok follows once it is on disk.
   * @throws {ChannelError} 406 when a queue refused a publish; the rest is carried out.
   */
  commit(): void {
    const publishes = this.#publishes;
    const settlements = this.#settlements;
    this.#publishes = [];
    this.#settlements = [];
    const taken = publishes.map((publish) => enqueue(this.#channel, publish));
    for (const { entries, settlement } of settlements) settle(this.#channel, entries, settlement);
    if (taken.includes(false)) {
      throw new ChannelError("PRECONDITION_FAILED", "partial tx completion");
    }
    const { store } = this.#channel.connection.broker;
    if (store === undefined) return this.committed(0, true);
    store.whenCommitted(this, 0);
    // At once: what the client sends next must not be answered before commit-ok.
    store.commit();
  }

  committed(_ticket: number, ok: boolean): void {
    if (ok) return this.#channel.send("tx.commit-ok", {});
    const error = new ConnectionError("INTERNAL_ERROR", "the transaction could not be written");
    this.#channel.connection.fail(error, 90, 20);
  }

  /** Forgets publishes and makes the settled deliveries wait again. */
  rollback(): void {
    this.#publishes = [];
    this.#channel.unacked.restore(this.takenBack());
  }

  /** The deliveries whose settlement was not committed. */
  takenBack(): Entry[] {
    const entries = this.#settlements.flatMap((held) => held.entries);
    this.#settlements = [];
    return entries;
  }
}
