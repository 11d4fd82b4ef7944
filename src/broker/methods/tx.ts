import type { Channel } from "../channel/channel.ts";
import type { Transaction } from "../channel/transaction.ts";
import { METHOD_TABLE } from "../wire/method_table.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import { enqueue } from "./publish.ts";
import { settle } from "./settle.ts";

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
  const { publishes, acknowledgements } = transaction.take();
  const taken = publishes.map((publish) => enqueue(channel, publish));
  for (const { entries, settledBy } of acknowledgements) settle(channel, entries, settledBy);
  if (taken.includes(false)) throw new ChannelError("PRECONDITION_FAILED", "partial tx completion");
  const { store } = channel.host.broker;
  if (store === undefined) return committed(channel, true);
  store.whenCommitted({ committed: (_ticket, ok) => committed(channel, ok) }, 0);
  // At once: what the client sends next must not be answered before commit-ok.
  store.commit();
}

function committed(channel: Channel, ok: boolean): void {
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
