import { Buffer } from "node:buffer";
import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import type { BrokerProcess } from "../support/broker_process.ts";
import type { CrashLedger } from "./crash_ledger.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** Publishes of one publisher that wait for their confirm. */
const WINDOW = 40;
/** Messages of one publisher. */
const MESSAGES = 400;
/** Settlements between two questions whether they are done. */
const SYNC_EVERY = 8;
const PREFETCH = 30;
const LARGEST_BODY_BYTES = 3_000;

/** What clients notice, and a crash may follow. */
export const MOMENTS = ["confirm", "delivery", "settlement", "certainty"] as const;
export type Moment = (typeof MOMENTS)[number];

/** Clients at work on one broker until it is gone; the ledger is told all they know. */
export class CrashLoad {
  readonly #broker: BrokerProcess;
  readonly #ledger: CrashLedger;
  readonly #random: SeededRandom;
  readonly #onMoment: (moment: Moment) => void;

  constructor(
    broker: BrokerProcess,
    ledger: CrashLedger,
    random: SeededRandom,
    onMoment: (moment: Moment) => void,
  ) {
    this.#broker = broker;
    this.#ledger = ledger;
    this.#random = random;
    this.#onMoment = onMoment;
  }

  /** Starts a publisher; resolves when all its messages are confirmed, or never. */
  async publish(name: string): Promise<void> {
    const channel = await this.#channel();
    const done = Promise.withResolvers<void>();
    let sent = 0;
    let confirmed = 0;
    const fill = () => {
      while (sent < MESSAGES && sent - confirmed < WINDOW) {
        this.#send(channel, `${name}:${sent++}`, () => {
          if (++confirmed === MESSAGES) done.resolve();
          this.#onMoment("confirm");
          fill();
        });
      }
    };
    fill();
    await done.promise;
  }

  /** Starts a consumer that acks, rejects and requeues, and asks from time to time. */
  async consume(name: string): Promise<void> {
    const channel = await this.#channel();
    await channel.prefetch(PREFETCH);
    let settled: string[] = [];
    let marks = 0;
    await channel.consume("work", (message) => {
      this.#onMoment("delivery");
      const id = this.#settle(channel, message!);
      if (id !== undefined) settled.push(id);
      if (settled.length < SYNC_EVERY) return;
      const certain = settled;
      settled = [];
      const tell = () => {
        for (const id of certain) this.#ledger.settled(id);
        this.#onMoment("certainty");
      };
      // Either answer comes after the settlements: a reply, and a confirm.
      if (this.#random.below(2) === 0) void channel.checkQueue("work").then(tell, () => {});
      else this.#send(channel, `${name}:${marks++}`, tell);
    });
  }

  #settle(channel: ConfirmChannel, message: ConsumeMessage): string | undefined {
    const id = idOf(message.content);
    const choice = this.#random.below(10);
    if (choice < 2) {
      channel.nack(message, false, true);
      return undefined;
    }
    const as = choice < 4 ? "reject" : "ack";
    this.#ledger.settling(id, as);
    if (as === "ack") channel.ack(message);
    else channel.reject(message, false);
    this.#onMoment("settlement");
    return id;
  }

  #send(channel: ConfirmChannel, id: string, confirmed: () => void): void {
    const padding = ".".repeat(this.#random.below(LARGEST_BODY_BYTES));
    this.#ledger.published(id);
    channel.sendToQueue("work", Buffer.from(`${id} ${padding}`), { persistent: true }, (error) => {
      if (error) return; // the broker is gone
      this.#ledger.confirmed(id);
      confirmed();
    });
  }

  async #channel(): Promise<ConfirmChannel> {
    const channel = await (await this.#broker.connect()).createConfirmChannel();
    return channel.on("error", () => {});
  }
}

/** The id that a body begins with. */
export function idOf(body: Buffer): string {
  return body.toString("latin1", 0, body.indexOf(" "));
}
