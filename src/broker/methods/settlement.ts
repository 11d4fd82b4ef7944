import type { Channel } from "../channel.ts";
import type { Consumer } from "../consumer.ts";
import type { Entry } from "../model/entry.ts";

/** How deliveries are settled. */
export type Settlement = "ack" | "reject" | "requeue";

/** Settles deliveries that were taken out of the channel's ledger, oldest first. */
export function settle(channel: Channel, entries: readonly Entry[], settlement: Settlement): void {
  if (settlement === "requeue") return channel.requeue(entries);
  const consumers = new Set<Consumer>();
  for (const entry of entries) {
    const consumer = entry.subscriber as Consumer | undefined;
    if (consumer !== undefined) consumers.add(consumer);
    channel.release(entry);
    if (settlement === "ack") entry.queue.ack(entry);
    else entry.queue.reject(entry);
  }
  channel.resumeAfter(consumers);
}
