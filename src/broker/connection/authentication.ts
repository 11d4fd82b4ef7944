import { Buffer } from "node:buffer";
import { readTable } from "../wire/field_table.ts";

/** Mechanisms offered in connection.start. */
export const MECHANISMS = ["PLAIN", "AMQPLAIN"] as const;

/** Name and password out of a SASL response; undefined when it cannot be read. */
export function readCredentials(
  mechanism: string,
  response: string,
): { name: string; password: string } | undefined {
  if (mechanism === "PLAIN") {
    // RFC 4616: authorization identity, NUL, authentication identity, NUL, password.
    // RabbitMQ takes no authorization identity.
    const [identity, name, password, ...more] = response.split("\0");
    if (identity !== "" || more.length > 0) return undefined;
    return name === undefined || password === undefined ? undefined : { name, password };
  }
  try {
    // AMQPLAIN: a field table without its length octets.
    const body = Buffer.from(response, "latin1");
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    const table = readTable(Buffer.concat([length, body]), 0, body.length + 4);
    const name = table.get("LOGIN");
    const password = table.get("PASSWORD");
    if (name?.type !== "S" || password?.type !== "S") return undefined;
    return { name: name.value, password: password.value };
  } catch {
    return undefined;
  }
}

/** Whether an address is this machine's own: `guest` may come from nowhere else. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.replace(/^::ffff:/, "");
  return plain === "::1" || plain.startsWith("127.");
}
