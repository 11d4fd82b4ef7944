/** Half intervals without a sign of life after which a peer counts as gone: two intervals. */
const SILENT_TICKS = 4;

/** What a heartbeat needs of its connection. */
export interface HeartbeatPeer {
  /** Whether the peer is read at the moment: who is not read cannot be heard. */
  listening(): boolean;
  beat(): void;
  lost(): void;
}

/** Section 4.2.7: a frame at least every half interval, and silence for two intervals means gone. */
export class Heartbeat implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #heard = true;
  #said = false;
  /** A beat is on its way out: it does not stand for the next one. */
  #beating = false;
  #silentTicks = 0;

  constructor(intervalSeconds: number, peer: HeartbeatPeer) {
    this.#timer = setInterval(() => this.#tick(peer), intervalSeconds * 500);
  }

  /** The peer sent something: any octet counts. */
  heard(): void {
    this.#heard = true;
  }

  /** Something was sent to the peer. */
  said(): void {
    if (!this.#beating) this.#said = true;
    this.#beating = false;
  }

  #tick(peer: HeartbeatPeer): void {
    if (!this.#said) {
      this.#beating = true;
      peer.beat();
    }
    this.#said = false;
    this.#silentTicks = this.#heard || !peer.listening() ? 0 : this.#silentTicks + 1;
    this.#heard = false;
    if (this.#silentTicks >= SILENT_TICKS) peer.lost();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
