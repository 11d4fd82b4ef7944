import type { Channel } from "../channel/channel.ts";
import type { Transaction } from "../channel/transaction.ts";
import { ChannelError } from "../wire/protocol_error.ts";

/** tx.select. @throws {ChannelError} 406 on a confirm channel. */
export function select(channel: Channel): void {
  if (channel.confirms !== undefined) {
    throw new ChannelError("PRECONDITION_FAILED", "cannot switch from confirm to tx mode");
  }
  channel.enterTransactionMode();
  channel.send("tx.select-ok", {});
}

/** tx.commit. @throws {ChannelError} 406 without tx.select. */
export function commit(channel: Channel): void {
  transactionOf(channel).commit();
}

/** tx.rollback. @throws {ChannelError} 406 without tx.select. */
export function rollback(channel: Channel): void {
  transactionOf(channel).rollback();
  channel.send("tx.rollback-ok", {});
}

function transactionOf(channel: Channel): Transaction {
  if (channel.transaction !== undefined) return channel.transaction;
  throw new ChannelError("PRECONDITION_FAILED", "channel is not transactional");
}
