import { Buffer } from "node:buffer";
import { ACK_BYTES, type RawConnection, writeAck } from "../broker/raw_connection.ts";
import { readNumber } from "./numbered_body.ts";

/** What becomes of a delivery. @throws when it should not have come */
export type Arrived = (producer: number, sequence: number) => void;

/** Takes deliveries and acknowledges them, one by one or with one basic.ack for several. */
export class Consumer {
  readonly #connection: RawConnection;
  readonly #multiple: boolean;
  #received = 0;
  #acked = 0;

  /** @param connection its own, with a prefetch */
  constructor(
    connection: RawConnection,
    { multiple, arrived, pause }: {
      readonly multiple: boolean;
      readonly arrived: Arrived;
      /** Called when several have arrived. */
      readonly pause: () => void;
    },
  ) {
    this.#connection = connection;
    this.#multiple = multiple;
    connection.traffic = {
      delivered: (tag, bytes, start, end) => {
        const { producer, sequence } = readNumber(bytes, start, end);
        arrived(producer, sequence);
        this.#received = tag;
      },
      pause: () => {
        this.#acknowledge();
        pause();
      },
    };
  }

  #acknowledge(): void {
    const count = this.#received - this.#acked;
    if (count === 0) return;
    if (this.#multiple) this.#acked = this.#received - 1;
    const acks = Buffer.allocUnsafe((this.#received - this.#acked) * ACK_BYTES);
    for (let at = 0; at < acks.length; at += ACK_BYTES) {
      writeAck(acks, at, ++this.#acked, { multiple: this.#multiple });
    }
    this.#connection.write(acks);
  }
}
