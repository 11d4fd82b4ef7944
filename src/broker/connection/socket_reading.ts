import type { Socket } from "node:net";

/** What sockets stand on in the runtime of the executable, as far as it is used here. */
interface RuntimeSocket {
  readonly _handle?: { pause(): void; resume(): void } | null;
  read(bytes?: number): unknown;
}

/** A peer that is not read is probed so often, in milliseconds. */
const PROBE_MS = 1_000;

/**
 * Whether a socket is read. A peer that died meanwhile would not be noticed: the end of what it
 * sent is behind all that is not read. So it is probed.
 *
 * The stream flows all the time: each time that a stream is paused it takes in what the kernel has
 * once more, up to half a MiB, and nobody counts it.
 */
export class SocketReading implements Disposable {
  readonly #socket: RuntimeSocket;
  readonly #probe: () => void;
  #probing: ReturnType<typeof setInterval> | undefined;
  #on = true;

  /** @param probe sends the peer something: one that is gone answers with a reset */
  constructor(socket: Socket, probe: () => void) {
    this.#probe = probe;
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
    else {
      this.#socket._handle?.pause();
      this.#probing ??= setInterval(() => this.#look(), PROBE_MS);
    }
  }

  #look(): void {
    if (this.#on) this[Symbol.dispose]();
    else this.#probe();
  }

  /** Probes no more. */
  [Symbol.dispose](): void {
    clearInterval(this.#probing);
    this.#probing = undefined;
  }
}
