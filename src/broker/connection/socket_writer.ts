import type { Socket } from "node:net";
import type { EndOfTurn, TurnWork } from "../end_of_turn.ts";
import { FrameWriter } from "../channel/frame_writer.ts";

/** Deliveries stop while that many octets wait for a client that does not read. */
const SEND_LIMIT_BYTES = 1024 * 1024;
/** A client that leaves that many octets unread is not read either. */
const READ_LIMIT_BYTES = 8 * 1024 * 1024;

/** What a socket writer tells its connection. */
export interface SocketWriterWatcher {
  wrote(): void;
  /** It cannot write any more. */
  failed(error: unknown): void;
  /** `overfull` changed. */
  pressure(): void;
  /** The client caught up: deliveries may go on. */
  relieved(): void;
}

/** The way out of a connection: frames of one turn of the event loop leave in one go. */
export class SocketWriter implements TurnWork, Disposable {
  readonly writer = new FrameWriter();
  readonly #socket: Socket;
  readonly #endOfTurn: EndOfTurn;
  readonly #watcher: SocketWriterWatcher;
  /** Whether the end of the turn sends what is pending. */
  #wanted = false;
  #congested = false;
  #overfull = false;
  #closed = false;

  constructor(socket: Socket, endOfTurn: EndOfTurn, watcher: SocketWriterWatcher) {
    this.#socket = socket;
    this.#endOfTurn = endOfTurn;
    this.#watcher = watcher;
    socket.on("drain", () => this.#drained());
  }

  /** Too much waits for the client: deliver nothing more. */
  get congested(): boolean {
    return this.#congested;
  }

  /** So much waits that the client should not be read either. */
  get overfull(): boolean {
    return this.#overfull;
  }

  /** Sends what was written in this turn at its end. */
  wantFlush(): void {
    if (this.#closed) return;
    if (!this.#wanted) {
      this.#wanted = true;
      this.#endOfTurn.want("send", this);
    } else if (this.writer.pendingBytes > SEND_LIMIT_BYTES) this.#write();
  }

  endTurn(): boolean {
    this.#wanted = false;
    this.#write();
    return false;
  }

  failed(error: unknown): void {
    this.#watcher.failed(error);
  }

  #write(): void {
    if (this.#closed || this.#socket.destroyed) return;
    const parts = this.writer.drain();
    if (parts.length === 0) return;
    this.#watcher.wrote();
    for (const part of parts) this.#socket.write(part);
    const waiting = this.#socket.writableLength;
    this.#congested = waiting > SEND_LIMIT_BYTES;
    if (waiting > READ_LIMIT_BYTES && !this.#overfull) {
      this.#overfull = true;
      this.#watcher.pressure();
    }
  }

  #drained(): void {
    const { congested, overfull } = this;
    this.#congested = this.#overfull = false;
    if (overfull) this.#watcher.pressure();
    if (congested) this.#watcher.relieved();
  }

  /** Sends nothing more. */
  [Symbol.dispose](): void {
    this.#closed = true;
  }
}
