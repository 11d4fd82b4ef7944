import type { ManagementAddress } from "../../broker/management/management_port.ts";

/** Where RabbitMQ's management plug-in listens, on this machine only. */
export const DEFAULT_MANAGEMENT_ADDRESS: ManagementAddress = { host: "127.0.0.1", port: 15672 };

/**
 * Reads `15672` (this machine only), `0.0.0.0:15672`, `[::1]:15672`.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseManagementAddress(text: string): ManagementAddress {
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new RangeError("Write a port, or host:port: 15672, 0.0.0.0:15672.");
  }
  const bare = host?.replace(/^\[|\]$/g, "");
  return { host: bare ?? DEFAULT_MANAGEMENT_ADDRESS.host, port: Number(port) };
}
