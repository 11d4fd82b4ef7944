import type { Socket } from "node:net";

/** What sockets stand on in the runtime of the executable, as far as it is used here. */
interface RuntimeSocket {
  readonly _handle?: { pause(): void; resume(): void } | null;
  read(bytes?: number): unknown;
}

/**
 * Whether a socket is read. Its stream flows all the time: each time that a stream is paused it
 * takes in what the kernel has once more, up to half a MiB, and nobody counts it.
 */
export class SocketReading {
  readonly #socket: RuntimeSocket;
  #on = true;

  constructor(socket: Socket) {
    this.#socket = socket as unknown as RuntimeSocket;
    const { read } = this.#socket;
    // The stream asks for more after each piece.
    this.#socket.read = (bytes) => this.#on ? read.call(socket, bytes) : null;
  }

  get on(): boolean {
    return this.#on;
  }

  set on(on: boolean) {
    if (on === this.#on) return;
    this.#on = on;
    if (on) this.#socket._handle?.resume();
    else this.#socket._handle?.pause();
  }
}
