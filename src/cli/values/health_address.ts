import type { HealthAddress } from "../../work/health/health_address.ts";

/**
 * Reads `8080` (all interfaces), `127.0.0.1:8080`, `[::1]:8080`.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseHealthAddress(text: string): HealthAddress {
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new RangeError("Write a port, or host:port: 8080, 127.0.0.1:8080.");
  }
  const bare = host?.replace(/^\[|\]$/g, "");
  return { port: Number(port), ...(bare === undefined ? {} : { host: bare }) };
}
