import type { Socket } from "node:net";

/**
 * Time a client has to answer connection.close, and to close the socket, in s; a heartbeat at most.
 */
const CLOSE_TIMEOUT_SECONDS = 30;

/**
 * Time a client has to read why its bytes are not looked at any more, in s (RabbitMQ's silent close
 * delay).
 */
const INPUT_CLOSED_SECONDS = 3;

/** The end of a connection's socket: when it comes at the latest, and why. */
export class SocketEnd {
  /** Settles when the socket is closed. */
  readonly closed: Promise<void>;
  reason = "client closed the socket";
  readonly #socket: Socket;
  readonly #close = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timeoutSeconds = CLOSE_TIMEOUT_SECONDS;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = this.#close.promise;
    socket.on("error", (error: Error) => this.reason = error.message);
  }

  /** Nobody waits longer than that for close-ok and the like. */
  limitTo(seconds: number): void {
    this.#timeoutSeconds = Math.min(seconds, CLOSE_TIMEOUT_SECONDS);
  }

  /** Calls back then, unless another limit is set before. */
  after(ms: number, callback: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(callback, ms);
  }

  /** Drops the socket once the client had the time to read why. */
  awaitReader(): void {
    this.awaitClient(INPUT_CLOSED_SECONDS);
  }

  /** Drops the socket after a while, if the client has not closed it. */
  awaitClient(seconds = this.#timeoutSeconds): void {
    this.after(seconds * 1_000, () => this.#socket.destroy());
  }

  /** There is no limit any more. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  /** The socket is closed. */
  came(): void {
    this.cancel();
    this.#close.resolve();
  }
}
