import type { CommitWaiter } from "./store/message_store.ts";

/** Sends one confirm: basic.ack or basic.nack. */
export type SendConfirm = (
  deliveryTag: number,
  confirm: { ok: boolean; multiple: boolean },
) => void;

/**
 * The publishes of a confirm channel that wait for their confirm.
 *
 * Tags count from 1. What is settled in one turn is confirmed together: with `multiple` up to the
 * first tag that still waits, singly beyond it.
 */
export class ConfirmLedger implements CommitWaiter {
  #lastTag = 0;
  /** Waiting tags, in order. */
  readonly #waiting = new Set<number>();
  #acked: number[] = [];
  #nacked: number[] = [];
  readonly #wantFlush: () => void;

  /** @param wantFlush called when there is something to confirm: call `flush` soon. */
  constructor(wantFlush: () => void) {
    this.#wantFlush = wantFlush;
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
    if (this.#acked.length + this.#nacked.length === 0) this.#wantFlush();
    settled.push(tag);
  }

  flush(send: SendConfirm): void {
    if (this.#nacked.length > 0) {
      for (const tag of this.#nacked) send(tag, { ok: false, multiple: false });
      this.#nacked = [];
    }
    const acked = this.#acked;
    if (acked.length === 0) return;
    this.#acked = [];
    let firstWaiting = Infinity;
    for (const tag of this.#waiting) {
      firstWaiting = tag;
      break;
    }
    let upTo = 0;
    let covered = 0;
    for (const tag of acked) {
      if (tag >= firstWaiting) continue;
      covered++;
      if (tag > upTo) upTo = tag;
    }
    if (covered > 0) send(upTo, { ok: true, multiple: covered > 1 });
    if (covered === acked.length) return;
    for (const tag of acked) if (tag >= firstWaiting) send(tag, { ok: true, multiple: false });
  }
}
