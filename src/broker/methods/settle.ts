import type { Channel } from "../channel/channel.ts";
import type { SettledBy } from "../channel/settled_by.ts";
import { byConsumer } from "../channel/unacked_ledger.ts";
import type { Entry } from "../model/entry.ts";

/**
 * Settles deliveries that were taken out of the channel's ledger: of each consumer, oldest first.
 */
export function settle(channel: Channel, entries: Iterable<Entry>, how: SettledBy): void {
  channel.carryOut(settling(channel, entries, how));
}

/** The steps of that. */
export function* settling(channel: Channel, entries: Iterable<Entry>, how: SettledBy) {
  for (const group of yield* byConsumer(entries)) {
    if (how === "requeue") yield* channel.requeueing(group, { failed: false });
    else if (how === "reject and requeue") yield* channel.requeueing(group, { failed: true });
    else yield* settlingGroup(channel, group, how);
  }
}

function* settlingGroup(
  { counts }: Channel,
  group: readonly Entry[],
  how: "ack" | "discard" | "reject",
) {
  const { subscriber } = group[0]!;
  for (const entry of group) {
    subscriber?.settled(entry);
    if (how === "ack") counts.ack++;
    if (how === "ack") entry.queue.ack(entry);
    else entry.queue.reject(entry, { failed: how === "reject" });
    yield;
  }
  subscriber?.resume();
}
