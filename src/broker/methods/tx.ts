import type { Channel } from "../channel/channel.ts";
import type { HeldWork, Transaction } from "../channel/transaction.ts";
import { METHOD_TABLE } from "../wire/method_table.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import { Commits } from "./commits.ts";
import { route } from "./publish.ts";
import { settling } from "./settle.ts";

/** tx.select. @throws {ChannelError} 406 on a confirm channel. */
export function select(channel: Channel): void {
  if (channel.confirms !== undefined) {
    throw new ChannelError("PRECONDITION_FAILED", "cannot switch from confirm to tx mode");
  }
  channel.enterTransactionMode();
  channel.send("tx.select-ok", {});
}

/**
 * tx.commit: carries everything out; commit-ok follows once it is on disk.
 * @throws {ChannelError} 406 without tx.select, or when a queue refused a publish; the rest is
 *   carried out.
 */
export function commit(channel: Channel): void {
  const transaction = transactionOf(channel);
  channel.hold(-transaction.heldBytes);
  channel.carryOut(committing(channel, transaction.take()));
}

function* committing(channel: Channel, { publishes, acknowledgements }: HeldWork) {
  const { store } = channel.host.broker;
  const commits = new Commits(store, (ok) => committed(channel, ok));
  let isTaken = true;
  for (const publish of publishes) {
    const routed = route(channel, publish);
    const all = typeof routed === "object" ? routed : [routed];
    if (!(yield* commits.follow(all))) isTaken = false;
  }
  for (const { entries, settledBy } of acknowledgements) {
    yield* settling(channel, entries, settledBy);
  }
  if (!isTaken) throw new ChannelError("PRECONDITION_FAILED", "partial tx completion");
  commits.await(); // the acknowledgements, too
  commits.end();
  // At once: what the client sends next must not be answered before commit-ok.
  store?.commit();
}

function committed(channel: Channel, ok: boolean): void {
  if (channel.closed) return; // the broker has closed it meanwhile
  if (ok) return channel.send("tx.commit-ok", {});
  const error = new ConnectionError("INTERNAL_ERROR", "the transaction could not be written");
  const { classId, methodId } = METHOD_TABLE["tx.commit"];
  channel.host.fail(error, classId, methodId);
}

/**
 * tx.rollback: makes the settled deliveries wait again. @throws {ChannelError} 406 without
 * tx.select.
 */
export function rollback(channel: Channel): void {
  const transaction = transactionOf(channel);
  channel.hold(-transaction.heldBytes);
  channel.unacked.restore(transaction.takeBack());
  channel.send("tx.rollback-ok", {});
}

function transactionOf(channel: Channel): Transaction {
  if (channel.transaction !== undefined) return channel.transaction;
  throw new ChannelError("PRECONDITION_FAILED", "channel is not transactional");
}
