import type { Channel } from "../channel.ts";
import type { Consumer } from "../consumer.ts";
import type { Entry } from "../model/entry.ts";
import { byConsumer } from "../unacked_ledger.ts";

/** How deliveries are settled. */
export type Settlement = "ack" | "reject" | "requeue";

/** Settles deliveries that were taken out of the channel's ledger: of each consumer, oldest first. */
export function settle(channel: Channel, entries: readonly Entry[], settlement: Settlement): void {
  for (const group of byConsumer(entries)) {
    if (settlement === "requeue") channel.requeue(group);
    else settleGroup(channel, group, settlement);
  }
}

function settleGroup(channel: Channel, group: readonly Entry[], how: "ack" | "reject"): void {
  const consumer = group[0]!.subscriber as Consumer | undefined;
  for (const entry of group) {
    channel.release(entry);
    if (how === "ack") entry.queue.ack(entry);
    else entry.queue.reject(entry);
  }
  if (consumer !== undefined) channel.resumeAfter(consumer);
}
