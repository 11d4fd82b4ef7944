import { Buffer } from "node:buffer";

/** Names of the wire are octets, one a character; this is what people read. */
export function textOf(octets: string): string {
  return Buffer.from(octets, "latin1").toString();
}

/** A text as a name of the wire, one character an octet. */
export function octetsOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}
