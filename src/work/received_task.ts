import type { Delivery } from "../amqp/delivery.ts";
import type { Session } from "./session.ts";

/** A task on its way through the worker. */
export interface ReceivedTask {
  /** Where it was delivered, and may be settled. */
  readonly session: Session;
  readonly delivery: Delivery;
  /** From 1. */
  readonly attempt: number;
}
