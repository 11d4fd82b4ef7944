import type { Channel } from "../channel/channel.ts";
import type { Consumer } from "../channel/consumer.ts";
import type { Entry } from "../model/entry.ts";
import { byConsumer } from "../channel/unacked_ledger.ts";

/** How deliveries are settled: back to the queue or for good, as failed (basic.reject) or not. */
export type Settlement = "ack" | "discard" | "reject" | "requeue" | "reject and requeue";

/** Settles deliveries that were taken out of the channel's ledger: of each consumer, oldest first. */
export function settle(channel: Channel, entries: readonly Entry[], settlement: Settlement): void {
  for (const group of byConsumer(entries)) {
    if (settlement === "requeue") channel.requeue(group, { failed: false });
    else if (settlement === "reject and requeue") channel.requeue(group, { failed: true });
    else settleGroup(channel, group, settlement);
  }
}

function settleGroup(
  channel: Channel,
  group: readonly Entry[],
  how: "ack" | "discard" | "reject",
): void {
  const consumer = group[0]!.subscriber as Consumer | undefined;
  for (const entry of group) {
    channel.release(entry);
    if (how === "ack") entry.queue.ack(entry);
    else entry.queue.reject(entry, { failed: how === "reject" });
  }
  if (consumer !== undefined) channel.resumeAfter(consumer);
}
