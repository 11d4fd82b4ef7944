import type { Delivery } from "../amqp/delivery.ts";

/** Moves on their way at the most, in number and in bytes of their bodies. */
const WINDOW = 256;
const WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * Moves deliveries in their order, many at a time.
 *
 * @param move publishes a copy, waits for its confirm, then acknowledges the original
 * @throws the first failure: nothing more is begun, and what was on its way has been waited for
 */
export async function moveAll(
  deliveries: AsyncIterable<Delivery>,
  move: (delivery: Delivery) => Promise<void>,
): Promise<void> {
  const moving = new Set<Promise<void>>();
  let bytes = 0;
  const failures: unknown[] = [];
  try {
    for await (const delivery of deliveries) {
      const { byteLength } = delivery.body;
      const one = move(delivery).catch((failure) => void failures.push(failure)).finally(() => {
        moving.delete(one);
        bytes -= byteLength;
      });
      moving.add(one);
      bytes += byteLength;
      while (moving.size >= WINDOW || (bytes > WINDOW_BYTES && moving.size > 0)) {
        await Promise.race(moving);
      }
      if (failures.length > 0) break;
    }
  } finally {
    await Promise.all(moving);
  }
  if (failures.length > 0) throw failures[0];
}
