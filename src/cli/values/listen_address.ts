import type { ManagementAddress } from "../../broker/management/management_port.ts";
import type { HealthAddress } from "../../work/health/health_address.ts";

/** This machine alone: who else is to connect must be let in by name. */
const LOOPBACK = "127.0.0.1";

/** Where RabbitMQ's management plug-in listens, on this machine only. */
export const DEFAULT_MANAGEMENT_ADDRESS: ManagementAddress = { host: LOOPBACK, port: 15672 };

/**
 * Reads `8080` (this machine only), `0.0.0.0:8080` (all interfaces), `[::1]:8080`.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseHealthAddress(text: string): HealthAddress {
  return parse(text, 8080);
}

/**
 * Reads `15672` (this machine only), `0.0.0.0:15672` (all interfaces), `[::1]:15672`.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseManagementAddress(text: string): ManagementAddress {
  return parse(text, DEFAULT_MANAGEMENT_ADDRESS.port);
}

function parse(text: string, example: number) {
  const match = /^(?:(?:\[(.+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65_535) {
    throw new RangeError(`Write a port, or host:port: ${example}, 0.0.0.0:${example}.`);
  }
  return { host: match[1] ?? match[2] ?? LOOPBACK, port: Number(match[3]) };
}
