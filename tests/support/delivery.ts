import type { Delivery } from "../../src/amqp/delivery.ts";

/** A message as if received, with this body. */
export function deliveryOf(body: Uint8Array | string, more: Partial<Delivery> = {}): Delivery {
  return {
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    deliveryTag: 1,
    redelivered: false,
    exchange: "",
    routingKey: "tasks",
    properties: {},
    ...more,
  };
}
