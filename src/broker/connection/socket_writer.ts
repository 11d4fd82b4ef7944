import type { EndOfTurn, TurnWork } from "../end_of_turn.ts";
import { FrameWriter } from "../channel/frame_writer.ts";
import type { SocketOutput } from "./connection_parts.ts";
import type { MemoryGuard, MemoryHolder } from "../memory_guard.ts";
import type { Traffic } from "./traffic.ts";

/**
 * Deliveries stop while that many octets wait for a client that does not read; and until the next
 * turn after that many, however fast it reads,
 */
const SEND_LIMIT_BYTES = 1024 * 1024;
/** or after so many methods: others have their turn. */
const TURN_METHODS = 500;
/** A client that leaves that many octets unread is not read either. */
const READ_LIMIT_BYTES = 8 * 1024 * 1024;
/** Both, while memory is short. */
const SHORT_LIMIT_BYTES = 64 * 1024;

/** What a socket writer tells its connection. */
export interface SocketWriterWatcher {
  wrote(): void;
  /** It cannot write any more. */
  failed(error: unknown): void;
  /** `overfull` changed. */
  pressure(): void;
  /** The client caught up: deliveries may go on. */
  relieved(): void;
  /** Memory is short, and what the client does not read fills it. */
  refused(): void;
}

/** The way out of a connection: frames of one turn of the event loop leave in one go. */
export class SocketWriter implements TurnWork, MemoryHolder, Disposable {
  readonly writer = new FrameWriter();
  readonly #socket: SocketOutput;
  readonly #endOfTurn: EndOfTurn;
  readonly #memory: MemoryGuard;
  readonly #traffic: Traffic;
  readonly #watcher: SocketWriterWatcher;
  /** Whether the end of the turn sends what is pending. */
  #wanted = false;
  #congested = false;
  /** Written in this turn. */
  #methods = 0;
  /** Congested because of what it had in this turn. */
  #sated = false;
  #overfull = false;
  /** Octets that wait for the client, as far as the memory guard knows. */
  #heldBytes = 0;
  #closed = false;

  constructor(
    socket: SocketOutput,
    { endOfTurn, memory }: { endOfTurn: EndOfTurn; memory: MemoryGuard },
    traffic: Traffic,
    watcher: SocketWriterWatcher,
  ) {
    this.#socket = socket;
    this.#endOfTurn = endOfTurn;
    this.#memory = memory;
    this.#traffic = traffic;
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
      this.#methods = 0;
      this.#endOfTurn.want("send", this);
    } else if (this.writer.pendingBytes > SEND_LIMIT_BYTES) {
      this.#write();
      this.#congested = this.#sated = true;
    } else if (++this.#methods > TURN_METHODS) {
      this.#congested = this.#sated = true;
    }
  }

  endTurn(): boolean {
    const sated = this.#sated;
    this.#wanted = this.#sated = false;
    if (sated) this.#congested = this.#isCongestedBy(this.#socket.writableLength);
    this.#write();
    if (sated && !this.#congested && !this.#closed) this.#watcher.relieved();
    return false;
  }

  failed(error: unknown): void {
    this.#watcher.failed(error);
  }

  #write(): void {
    if (this.#closed || this.#socket.destroyed) return;
    const bytes = this.writer.pendingBytes;
    const parts = this.writer.drain();
    if (parts.length === 0) return;
    this.#traffic.wrote(bytes);
    this.#watcher.wrote();
    for (const part of parts) this.#socket.write(part);
    const waiting = this.#socket.writableLength;
    this.#hold(waiting);
    this.#congested = this.#isCongestedBy(waiting);
    const limit = this.#memory.short ? SHORT_LIMIT_BYTES : READ_LIMIT_BYTES;
    if (waiting > limit && !this.#overfull) {
      this.#overfull = true;
      this.#watcher.pressure();
    }
  }

  #isCongestedBy(waitingBytes: number): boolean {
    return waitingBytes > (this.#memory.short ? SHORT_LIMIT_BYTES : SEND_LIMIT_BYTES);
  }

  #drained(): void {
    const { congested, overfull } = this;
    this.#congested = this.#overfull = false;
    this.#hold(0);
    if (overfull) this.#watcher.pressure();
    if (congested) this.#watcher.relieved();
  }

  #hold(bytes: number): void {
    if (bytes === this.#heldBytes) return;
    this.#heldBytes = bytes;
    this.#memory.hold(this, bytes);
  }

  refuse(): void {
    this.#watcher.refused();
  }

  /** Sends nothing more. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#hold(0);
  }
}
