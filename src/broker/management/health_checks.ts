import type { Route } from "./route.ts";

const OK = { status: "ok" };

/** As https://www.rabbitmq.com/docs/monitoring#health-checks has them, as far as they apply. */
export const HEALTH_ROUTES: readonly Route[] = [
  // Whoever gets an answer has reached a broker that lives; its virtual hosts run while it does.
  { path: "health/checks/local-alarms", get: ({ broker }) => alarms(broker.memory.short) },
  { path: "health/checks/alarms", get: ({ broker }) => alarms(broker.memory.short) },
  { path: "health/checks/virtual-hosts", get: () => OK },
];

function alarms(blocked: boolean) {
  return blocked ? new Unhealthy("alarm in effect: memory") : OK;
}

/** The check failed, which is told by the status too. */
export class Unhealthy {
  readonly status = "failed";
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
