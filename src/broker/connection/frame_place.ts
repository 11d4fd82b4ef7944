import type { Buffer } from "node:buffer";
import { erlangBinary } from "../wire/erlang_text.ts";
import { FRAME_BODY, FRAME_HEARTBEAT, FRAME_METHOD } from "../wire/frame_parser.ts";
import { ConnectionError } from "../wire/protocol_error.ts";

/**
 * Looks at a frame that is not for an open channel.
 * @returns whether it is a heartbeat, and nothing more is to be done.
 * @throws {ConnectionError} 501 for an unknown type, 505 for a heartbeat on a channel
 */
export function isHeartbeat(
  type: number,
  channel: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  if (type === FRAME_HEARTBEAT) {
    // Rule (section 4.2.7): heartbeats are empty and on channel 0.
    if (channel !== 0) throw misplaced(type, bytes, start, end);
    if (end === start) return true;
  }
  if (type >= FRAME_METHOD && type <= FRAME_BODY) return false;
  throw new ConnectionError("FRAME_ERROR", `${describe(type, bytes, start, end)}: unknown_frame`);
}

/** A frame where none of its type may stand. */
export function misplaced(type: number, bytes: Buffer, start: number, end: number) {
  return new ConnectionError("UNEXPECTED_FRAME", describe(type, bytes, start, end));
}

/** As RabbitMQ names it, in Erlang's notation. */
function describe(type: number, bytes: Buffer, start: number, end: number): string {
  return `type ${type}, all octets = ${
    erlangBinary(bytes.subarray(start, Math.min(end, start + 64)))
  }`;
}
