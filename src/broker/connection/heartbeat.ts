import { afterInput } from "../workload.ts";

/** Looks without a sign of life, one an interval, after which a peer counts as gone. */
const SILENT_LOOKS = 2;

/** What a heartbeat needs of its connection. */
export interface HeartbeatPeer {
  /** Whether the peer is read at the moment: who is not read cannot be heard. */
  listening(): boolean;
  beat(): void;
  lost(): void;
}

/**
 * Section 4.2.7: a frame at least every half interval, and silence means gone.
 *
 * As RabbitMQ does, it looks once an interval: who falls silent is gone after two to three
 * intervals.
 */
export class Heartbeat implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #heard = true;
  #said = false;
  /** A beat is on its way out: it does not stand for the next one. */
  #beating = false;
  /** The first beat comes whatever was sent before, as RabbitMQ's does. */
  #first = true;
  #looksNow = false;
  #silentLooks = 0;

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
    if (this.#first || !this.#said) {
      this.#beating = true;
      peer.beat();
    }
    this.#first = this.#said = false;
    if (this.#looksNow) this.#look(peer);
    this.#looksNow = !this.#looksNow;
  }

  #look(peer: HeartbeatPeer): void {
    this.#silentLooks = this.#heard || !peer.listening() ? 0 : this.#silentLooks + 1;
    this.#heard = false;
    if (this.#silentLooks < SILENT_LOOKS) return;
    // What it sent may be waiting where the broker has not looked.
    afterInput(() => this.#heard || peer.lost());
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
