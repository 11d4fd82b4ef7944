import type { Buffer } from "node:buffer";

/** RabbitMQ prints octets in its reply texts as Erlang does: text when printable, else numbers. */
export function erlangBinary(bytes: Buffer): string {
  const printable = bytes.length > 0 && bytes.every((octet) => octet >= 32 && octet < 127);
  return printable ? `<<"${bytes.toString("latin1")}">>` : `<<${bytes.join(",")}>>`;
}
