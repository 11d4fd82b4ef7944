import type { Buffer } from "node:buffer";
import type { InputRoom, Reader } from "../input_room.ts";
import type { MemoryGuard } from "../memory_guard.ts";

/** A client is not read while so many of its octets wait for their turn. */
const WAITING_BYTES = 64 * 1024;

/** Where input is kept, shared by all connections. */
export interface InputRooms {
  readonly memory: Pick<MemoryGuard, "short">;
  /** It waits for its turn. */
  readonly waitingInput: InputRoom;
  /** It waits until the client is not blocked any more. */
  readonly blockedInput: InputRoom;
}

/** Something that was read. */
interface Piece {
  readonly bytes: Buffer;
  /** What it keeps, in octets: its beginning may have been looked at. */
  readonly keptBytes: number;
}

/**
 * Input that a connection has read and not yet looked at: it waits for its turn, or for the end of
 * the blocking because the client publishes while memory is short.
 *
 * A blocked one is read on, so that the end of the socket is noticed, which stands behind all that
 * the client sent and the kernels hold, some MiB. A client that died without being noticed would
 * keep its queues, and the memory that all wait for, for ever. Where that is too much, probes show
 * the end, a second later (SocketReading).
 */
export class PendingInput {
  readonly #rooms: InputRooms;
  readonly #reader: Reader;
  readonly #pieces: Piece[] = [];
  #bytes = 0;
  /** What the piece keeps that was taken last. */
  #takenBytes = 0;
  /** The client sends more at once than others wait for: it shares the room with its like. */
  #greedy = false;
  #holding = false;

  /** @param reader told when `full` may have changed because of others */
  constructor(rooms: InputRooms, reader: Reader) {
    this.#rooms = rooms;
    this.#reader = reader;
  }

  /** The connection is blocked: what arrives is kept here. */
  get holding(): boolean {
    return this.#holding;
  }

  set holding(holding: boolean) {
    if (holding === this.#holding) return;
    const bytes = this.#bytes;
    this.#account(-bytes);
    this.#room.leave(this.#reader);
    this.#holding = holding;
    if (holding || this.#greedy) this.#room.enter(this.#reader);
    this.#account(bytes);
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** No more should be read for now. */
  get full(): boolean {
    if (this.#greedy && this.#isRoomFull) return true;
    // The first piece goes at the end of this turn: pausing the socket for it would only cost.
    if (!this.#holding) return this.#pieces.length > 1 && this.#bytes > WAITING_BYTES;
    return this.#bytes > 0 && this.#bytes > this.#room.shareBytes;
  }

  add(bytes: Buffer): void {
    this.#greedy = bytes.length >= WAITING_BYTES;
    if (this.#greedy || this.#holding) this.#room.enter(this.#reader);
    else this.#room.leave(this.#reader);
    this.#pieces.push({ bytes, keptBytes: bytes.length });
    this.#account(bytes.length);
  }

  /** Takes the oldest. */
  take(): Buffer | undefined {
    const piece = this.#pieces.shift();
    if (piece === undefined) return undefined;
    this.#takenBytes = piece.keptBytes;
    return piece.bytes;
  }

  /** Keeps what is left of the one that was taken last, which may be nothing. */
  keepRest(rest: Buffer): void {
    if (rest.length === 0) this.#account(-this.#takenBytes);
    else this.#pieces.unshift({ bytes: rest, keptBytes: this.#takenBytes });
    this.#takenBytes = 0;
  }

  /** Forgets all. */
  clear(): void {
    this.#pieces.length = 0;
    this.#takenBytes = 0;
    this.#greedy = false;
    this.#room.leave(this.#reader);
    this.#account(-this.#bytes);
  }

  get #isRoomFull(): boolean {
    const { memory, blockedInput } = this.#rooms;
    // Who is in the midst of a body will be blocked at its end, and what is behind it kept.
    return this.#room.full || memory.short && blockedInput.full;
  }

  get #room(): InputRoom {
    return this.#holding ? this.#rooms.blockedInput : this.#rooms.waitingInput;
  }

  #account(bytes: number): void {
    this.#bytes += bytes;
    this.#room.account(bytes);
  }
}
