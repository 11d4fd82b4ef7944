import type { GetMessage, Message } from "amqplib";

/** A message as it was received. */
export interface Delivery {
  readonly body: Uint8Array;
  /** Counts up from 1 on this channel. */
  readonly deliveryTag: number;
  /** The broker may have delivered it before, here or elsewhere. */
  readonly redelivered: boolean;
  readonly exchange: string;
  readonly routingKey: string;
  readonly messageId?: string | undefined;
  /** Failed deliveries before this one; only quorum queues count them (`x-delivery-count`). */
  readonly deliveryCount?: number | undefined;
  readonly properties: DeliveryProperties;
}

/** What came with the body; those that the message does not have are undefined. */
export interface DeliveryProperties {
  /** Values as the client decodes them: numbers, strings, booleans, arrays, tables, bytes. */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  /** 2 is persistent. */
  readonly deliveryMode?: number | undefined;
  readonly priority?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  /** Milliseconds, in decimal digits. */
  readonly expiration?: string | undefined;
  readonly messageId?: string | undefined;
  /** Seconds since 1970. */
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
  readonly userId?: string | undefined;
  readonly appId?: string | undefined;
  readonly clusterId?: string | undefined;
}

/** A message as amqplib hands it over: `basic.deliver` or `basic.get-ok`. */
export function deliveryOf({ fields, properties, content }: Message | GetMessage): Delivery {
  const { messageId } = properties;
  const count = properties.headers?.["x-delivery-count"];
  return {
    body: content,
    deliveryTag: fields.deliveryTag,
    redelivered: fields.redelivered,
    exchange: fields.exchange,
    routingKey: fields.routingKey,
    messageId: typeof messageId === "string" ? messageId : undefined,
    deliveryCount: typeof count === "number" ? count : undefined,
    properties,
  };
}
