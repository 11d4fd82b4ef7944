import type { HealthAddress } from "../../work/health/health_address.ts";

/** This machine alone: who else is to look must be let in by name. */
const LOOPBACK = "127.0.0.1";

/**
 * Reads `8080` (loopback), `0.0.0.0:8080` (all interfaces), `[::1]:8080`.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseHealthAddress(text: string): HealthAddress {
  const [, host = LOOPBACK, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new RangeError("Write a port, or host:port: 8080, 0.0.0.0:8080.");
  }
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
