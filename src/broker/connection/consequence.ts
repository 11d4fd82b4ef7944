import type { Arguments } from "../wire/method_codec.ts";
import { ChannelError, ConnectionError, UnanswerableError } from "../wire/protocol_error.ts";
import { LoginRefused } from "./handshake.ts";

/** What an error means for a connection. */
export interface Consequence {
  /** How it ends: reset or dropped without a word, or closed by connection.close. */
  readonly end: "reset" | "drop" | "close";
  readonly reply: ChannelError | ConnectionError;
  /** For the log: the client was refused before it was let in, with this code (0 for no answer). */
  readonly refused?: number;
  /** For the log: a bug of the broker. */
  readonly internal?: string;
}

/** What to do about an error that is not of one channel alone. */
export function consequenceOf(error: unknown): Consequence {
  if (error instanceof UnanswerableError) {
    return { end: "reset", reply: new ConnectionError("INTERNAL_ERROR", ""), refused: 0 };
  }
  if (error instanceof LoginRefused) {
    return { end: error.told ? "close" : "drop", reply: error, refused: error.replyCode };
  }
  if (error instanceof ConnectionError || error instanceof ChannelError) {
    return { end: "close", reply: error };
  }
  const internal = error instanceof Error ? `${error.stack}` : String(error);
  return { end: "close", reply: new ConnectionError("INTERNAL_ERROR", ""), internal };
}

/**
 * What the client is told when a channel or the connection is closed.
 * @param method class and method that the client called, 16 bits each; 0 when none has caused it
 */
export function closeArguments(
  { replyCode, replyText }: ChannelError | ConnectionError,
  method: number,
): Arguments<"connection.close"> {
  return { replyCode, replyText, classId: method >>> 16, methodId: method & 0xffff };
}
