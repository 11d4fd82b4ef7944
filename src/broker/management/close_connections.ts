import type { Broker } from "../broker.ts";
import { ConnectionError } from "../wire/protocol_error.ts";
import { allConnections, type OpenConnection } from "./open_connections.ts";

/** Closes connections in the name of an operator: 320 with the reason, in octets, to the client. */
export function closeConnections(
  broker: Broker,
  which: (open: OpenConnection) => boolean,
  reason: string,
): void {
  const error = new ConnectionError("CONNECTION_FORCED", reason);
  for (const { connection } of allConnections(broker).filter(which)) connection.fail(error, 0, 0);
}
