import { Buffer } from "node:buffer";
import { ConfirmCount } from "./confirm_count.ts";
import { ACK_BYTES, encodePublish, type RawConnection, writeAck } from "./raw_connection.ts";

/** Publishes that wait for their confirms at the most. */
const WINDOW = 1_000;
/** Deliveries that wait for their acknowledgement at the most. */
export const PREFETCH = 100;

/** What is published. */
export interface Load {
  readonly queue: string;
  readonly messages: number;
  readonly bodyBytes: number;
  readonly persistent: boolean;
}

/** Publishes in confirm mode, a window of publishes at a time, until all are confirmed. */
export async function publishAll(connection: RawConnection, load: Load): Promise<void> {
  await connection.call("confirm.select");
  const one = encodePublish(load.queue, Buffer.alloc(load.bodyBytes, "x"), load);
  const many = Buffer.concat(new Array<Buffer>(WINDOW).fill(one));
  const confirms = new ConfirmCount();
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let sent = 0;
  const send = () => {
    const { confirmed } = confirms;
    if (confirmed === load.messages) return resolve();
    const now = Math.min(WINDOW - (sent - confirmed), load.messages - sent);
    if (now === 0) return;
    sent += now;
    connection.write(many.subarray(0, now * one.length));
  };
  connection.traffic = { confirmed: (tag, multiple) => confirms.add(tag, multiple), pause: send };
  send();
  await Promise.race([done, connection.failed]);
}

/**
 * Consumes with manual acknowledgement until so many are acknowledged: one basic.ack a message.
 * The acknowledgements of what came in one piece leave in one piece.
 */
export async function consumeAll(
  connection: RawConnection,
  { queue, messages }: Load,
): Promise<void> {
  await connection.call("basic.qos", { prefetchCount: PREFETCH });
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let acked = 0;
  let received = 0;
  connection.traffic = {
    delivered: () => received++,
    pause: () => {
      if (received === acked) return;
      const acks = Buffer.allocUnsafe((received - acked) * ACK_BYTES);
      for (let at = 0; at < acks.length; at += ACK_BYTES) {
        writeAck(acks, at, ++acked, { multiple: false });
      }
      connection.write(acks);
      if (acked >= messages) resolve();
    },
  };
  await connection.call("basic.consume", { queue });
  await Promise.race([done, connection.failed]);
  // Its answer comes after the broker has seen every acknowledgement.
  await connection.call("queue.declare", { queue, passive: true });
}

/**
 * Publishes and consumes side by side, in step: the backlog in front of the queue stays as it is.
 * Ends when so many have gone in and so many have gone out.
 */
export async function flowThrough(
  publisher: RawConnection,
  consumer: RawConnection,
  load: Load,
): Promise<void> {
  const { queue, messages } = load;
  await publisher.call("confirm.select");
  await consumer.call("basic.qos", { prefetchCount: PREFETCH });
  const one = encodePublish(queue, Buffer.alloc(load.bodyBytes, "x"), load);
  const many = Buffer.concat(new Array<Buffer>(WINDOW).fill(one));
  const confirms = new ConfirmCount();
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let sent = 0;
  let received = 0;
  let acked = 0;
  const publish = () => {
    const now = Math.min(WINDOW - (sent - Math.min(confirms.confirmed, acked)), messages - sent);
    if (now <= 0) return;
    sent += now;
    publisher.write(many.subarray(0, now * one.length));
  };
  const acknowledge = () => {
    const now = Math.min(received, confirms.confirmed) - acked;
    if (now <= 0) return;
    const acks = Buffer.allocUnsafe(now * ACK_BYTES);
    for (let at = 0; at < acks.length; at += ACK_BYTES) {
      writeAck(acks, at, ++acked, { multiple: false });
    }
    consumer.write(acks);
  };
  const step = () => {
    acknowledge();
    publish();
    if (acked === messages) resolve();
  };
  publisher.traffic = { confirmed: (tag, multiple) => confirms.add(tag, multiple), pause: step };
  consumer.traffic = { delivered: () => received++, pause: step };
  await consumer.call("basic.consume", { queue });
  step();
  await Promise.race([done, publisher.failed, consumer.failed]);
  await consumer.call("queue.declare", { queue, passive: true });
}
