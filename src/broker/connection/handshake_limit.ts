import { afterInput } from "../workload.ts";
import type { SocketEnd } from "./socket_end.ts";

/** Time a client has from connecting to connection.open, in ms (RabbitMQ's handshake_timeout). */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How much later a client whose bytes wait for their turn is looked at again, in ms. */
const LATE_INPUT_MS = 1_000;

/** A handshake that is under way. */
export interface LimitedHandshake {
  /** Whether it is not over. */
  lasts(): boolean;
  /** Whether the client has sent what the broker has not looked at: then it is not the one late. */
  waits(): boolean;
  timedOut(): void;
}

/** Limits the time that a client has until its connection is open. */
export function limitHandshake(
  end: SocketEnd,
  handshake: LimitedHandshake,
  ms = HANDSHAKE_TIMEOUT_MS,
): void {
  end.after(ms, () =>
    afterInput(() => {
      if (!handshake.lasts()) return;
      if (handshake.waits()) limitHandshake(end, handshake, LATE_INPUT_MS);
      else handshake.timedOut();
    }));
}
