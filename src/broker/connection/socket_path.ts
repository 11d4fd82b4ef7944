import type { Socket } from "node:net";

/** One end of a connection. */
export interface SocketPlace {
  readonly host: string;
  readonly port: number;
}

/** From where to where a connection leads, and since when. */
export class SocketPath {
  readonly peer: SocketPlace;
  readonly local: SocketPlace;
  /** Ms since 1970. */
  readonly connectedAtMs = Date.now();

  constructor(socket: Socket) {
    this.peer = { host: `${socket.remoteAddress}`, port: socket.remotePort ?? 0 };
    this.local = { host: `${socket.localAddress}`, port: socket.localPort ?? 0 };
  }
}
