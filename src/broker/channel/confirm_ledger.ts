import type { CommitWaiter } from "../store/message_store.ts";

/** Sends one confirm: basic.ack or basic.nack. */
export type SendConfirm = (
  deliveryTag: number,
  confirm: { ok: boolean; multiple: boolean },
) => void;

/**
 * The publishes of a confirm channel that wait for their confirm.
 *
 * Tags count from 1. What is settled in one turn is confirmed together, acks before nacks: with
 * `multiple` up to the first tag that still waits or is of the other kind, singly beyond it.
 */
export class ConfirmLedger implements CommitWaiter {
  #lastTag = 0;
  /** Waiting tags, in order. */
  readonly #waiting = new Set<number>();
  #acked: number[] = [];
  #nacked: number[] = [];
  readonly #onSettled: () => void;

  /** @param onSettled called when there is something to confirm: call `flush` soon. */
  constructor(onSettled: () => void) {
    this.#onSettled = onSettled;
  }

  /** Publishes that are not confirmed yet. */
  get waitingCount(): number {
    return this.#waiting.size + this.#acked.length + this.#nacked.length;
  }

  /** Numbers the next publish. */
  next(): number {
    return ++this.#lastTag;
  }

  /** The publish waits for the disk. */
  wait(tag: number): void {
    this.#waiting.add(tag);
  }

  committed(tag: number, ok: boolean): void {
    if (this.#waiting.delete(tag)) this.settle(tag, ok);
  }

  /** The publish is done: confirm it with the next flush. */
  settle(tag: number, ok: boolean): void {
    const settled = ok ? this.#acked : this.#nacked;
    if (this.#acked.length + this.#nacked.length === 0) this.#onSettled();
    settled.push(tag);
  }

  /** @returns how many were acked */
  flush(send: SendConfirm): number {
    const acked = this.#acked;
    const nacked = this.#nacked;
    if (acked.length === 1) send(acked[0]!, { ok: true, multiple: false });
    else if (acked.length > 0) this.#together(acked, nacked, true, send);
    if (nacked.length > 0) this.#together(nacked, acked, false, send);
    if (acked.length > 0) this.#acked = [];
    if (nacked.length > 0) this.#nacked = [];
    return acked.length;
  }

  #together(tags: number[], others: readonly number[], ok: boolean, send: SendConfirm): void {
    let limit = Infinity;
    for (const tag of this.#waiting) {
      limit = tag;
      break;
    }
    for (const tag of others) if (tag < limit) limit = tag;
    let upTo = 0;
    let covered = 0;
    for (const tag of tags) {
      if (tag >= limit) continue;
      covered++;
      if (tag > upTo) upTo = tag;
    }
    if (covered > 0) send(upTo, { ok, multiple: true });
    if (covered === tags.length) return;
    const rest = tags.filter((tag) => tag >= limit).sort((a, b) => a - b);
    for (const tag of rest) send(tag, { ok, multiple: false });
  }
}
