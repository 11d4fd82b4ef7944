import { Buffer } from "node:buffer";
import { ConfirmCount } from "../broker/confirm_count.ts";
import { encodePublish, type RawConnection } from "../broker/raw_connection.ts";
import type { Arrivals } from "./arrivals.ts";
import { blankBody, bodyBytesOf, writeNumber } from "./numbered_body.ts";

/** Publishes that wait for their confirms at the most. */
const WINDOW = 1_000;
/**
 * Messages of one producer that are sent and have not arrived, at the most: the backlog's bound.
 */
const BACKLOG = 5_000;
/** Publishes that leave in one write at the most. */
const BATCH = 200;

/** Publishes numbered, persistent messages of mixed sizes until all are confirmed. */
export class Producer {
  readonly done: Promise<void>;
  readonly #number: number;
  readonly #queue: string;
  readonly #messages: number;
  readonly #connection: RawConnection;
  readonly #arrivals: Arrivals;
  readonly #confirms = new ConfirmCount();
  readonly #finished = Promise.withResolvers<void>();
  /** Publishes by the size of their body, without their number. */
  readonly #templates = new Map<number, Buffer>();
  #sent = 0;

  /** @param connection in confirm mode, and its own */
  constructor(
    connection: RawConnection,
    { number, queue, messages, arrivals }: {
      readonly number: number;
      readonly queue: string;
      readonly messages: number;
      readonly arrivals: Arrivals;
    },
  ) {
    this.#connection = connection;
    this.#number = number;
    this.#queue = queue;
    this.#messages = messages;
    this.#arrivals = arrivals;
    this.done = Promise.race([this.#finished.promise, connection.failed]);
    connection.traffic = {
      confirmed: (tag, multiple) => this.#confirms.add(tag, multiple),
      pause: () => this.send(),
    };
  }

  get sent(): number {
    return this.#sent;
  }

  /** Sends what window and backlog have room for; call it when something has arrived. */
  send(): void {
    const { confirmed } = this.#confirms;
    if (confirmed === this.#messages) return this.#finished.resolve();
    const upTo = Math.min(confirmed + WINDOW, this.#arrivals.count + BACKLOG, this.#messages);
    while (this.#sent < upTo) this.#write(Math.min(this.#sent + BATCH, upTo));
  }

  #write(upTo: number): void {
    const batch: Buffer[] = [];
    const from = this.#sent;
    for (let sequence = from; sequence < upTo; sequence++) batch.push(this.#template(sequence));
    const bytes = Buffer.concat(batch);
    let end = 0;
    for (let sequence = from; sequence < upTo; sequence++) {
      end += batch[sequence - from]!.length;
      writeNumber(bytes, end - 1 - bodyBytesOf(sequence), this.#number, sequence);
    }
    this.#sent = upTo;
    this.#connection.write(bytes);
  }

  #template(sequence: number): Buffer {
    const bodyBytes = bodyBytesOf(sequence);
    let template = this.#templates.get(bodyBytes);
    if (template === undefined) {
      template = encodePublish(this.#queue, blankBody(bodyBytes), { persistent: true });
      this.#templates.set(bodyBytes, template);
    }
    return template;
  }
}
