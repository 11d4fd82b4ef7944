import type { Broker } from "../broker.ts";
import type { ReleaseName } from "../release.ts";
import { badRequest } from "./api_error.ts";
import { type Query, type Route, vhostOf } from "./route.ts";

const OK = { status: "ok" };
/** There is one node. */
const SINGLE = { status: "ok", reason: "single node cluster" };

const UNITS: readonly string[] = ["days", "weeks", "months", "years"];

/** As https://www.rabbitmq.com/docs/monitoring#health-checks has them, as far as they apply. */
export const HEALTH_ROUTES: readonly Route[] = [
  // Whoever gets an answer has reached a broker that lives; its virtual hosts run while it does.
  { path: "health/checks/local-alarms", get: ({ broker }) => alarms(broker) },
  { path: "health/checks/alarms", get: ({ broker }) => alarms(broker) },
  { path: "health/checks/virtual-hosts", get: () => OK },
  { path: "health/checks/port-listener/*", get: portListener },
  { path: "health/checks/protocol-listener/*", get: protocolListener },
  { path: "health/checks/certificate-expiration/*/*", get: certificateExpiration },
  { path: "health/checks/node-is-quorum-critical", get: () => SINGLE },
  { path: "health/checks/node-is-mirror-sync-critical", get: only(["3.10"], SINGLE) },
  { path: "health/checks/ready-to-serve-clients", get: only(["4.3"], OK) },
  { path: "health/checks/is-in-service", get: only(["4.3"], OK) },
  { path: "health/checks/below-node-connection-limit", get: only(["4.3"], OK) },
  { path: "healthchecks/node", get: () => OK },
  { path: "aliveness-test/*", get: (query) => vhostOf(query) && OK },
];

/** What releases of RabbitMQ have, and others have not. */
function only(releases: readonly ReleaseName[], answer: object) {
  return ({ broker }: Query) => releases.includes(broker.release.name) ? answer : undefined;
}

function alarms({ memory }: Broker) {
  return memory.short ? new Unhealthy("alarm in effect: memory") : OK;
}

function portListener({ broker, names }: Query) {
  const port = wholeNumber(names[0]!);
  if (port === undefined) throw badRequest("Invalid port");
  const ports = broker.listeners.map((listener) => listener.port);
  if (ports.includes(port)) return { status: "ok", port };
  return new Unhealthy("No active listener", { missing: port, ports });
}

function protocolListener({ broker: { listeners, release }, names }: Query) {
  const asked = names[0]!.toLowerCase();
  const isAmqp = /^amqp(091|0-9-1|0\.9\.1)$/.test(asked);
  const protocol = isAmqp ? "amqp" : asked === "amqps" ? "amqp/ssl" : asked;
  const protocols = [...new Set(listeners.map((listener) => listener.protocol))].sort();
  const isOld = release.name !== "4.3";
  if (protocols.some((one) => one === protocol)) {
    return { status: "ok", ...isOld ? { protocol } : { protocols } };
  }
  return new Unhealthy("No active listener", { missing: isOld ? protocol : [protocol], protocols });
}

/** There are no certificates. */
function certificateExpiration({ names: [within, unit] }: Query) {
  if (wholeNumber(within!) === undefined) throw badRequest("Invalid expiration value.");
  if (!UNITS.includes(unit!)) {
    throw badRequest(`Time unit not recognised. Supported units: ${UNITS.join(", ")}.`);
  }
  return OK;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The check failed, which is told by the status too. */
export class Unhealthy {
  readonly status = "failed";
  readonly reason: string;

  /** @param seen what it looked at */
  constructor(reason: string, seen: object = {}) {
    this.reason = reason;
    Object.assign(this, seen);
  }
}
