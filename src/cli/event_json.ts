import type { OutgoingMessage } from "../amqp/publisher.ts";
import type { Delivery } from "../amqp/consumer.ts";
import type { SendEvent } from "../sender/event.ts";
import type { WorkEvent } from "../worker/event.ts";
import { jsonBody } from "./body.ts";

/** What every object of one run has in common. */
export interface JsonContext {
  readonly queue: string;
  /** Only `work` has one. */
  readonly worker?: string;
}

/** How a failure is told in the last object. */
export interface JsonFailure {
  readonly error: string;
  readonly exitCode: number;
}

/** One line of NDJSON; the schema is documented in docs/events.md. */
export function sendEventJson(
  event: SendEvent,
  context: JsonContext,
  failure?: JsonFailure,
): string {
  switch (event.event) {
    case "sent": {
      const { confirmed } = event;
      return line(event.event, context, { ...message(event.message), confirmed });
    }
    case "returned": {
      const { replyCode, replyText } = event;
      return line(event.event, context, { ...message(event.message), replyCode, replyText });
    }
    case "refused":
    case "unknown":
      return line(event.event, context, message(event.message));
    case "stopped": {
      const { failure: _, elapsedMs, ...counts } = event.summary;
      return line(event.event, context, {
        ...counts,
        elapsedMs: Math.round(elapsedMs),
        ...failure,
      });
    }
  }
}

/** One line of NDJSON; the schema is documented in docs/events.md. */
export function workEventJson(
  event: WorkEvent,
  context: JsonContext,
  failure?: JsonFailure,
): string {
  switch (event.event) {
    case "waiting":
      return line(event.event, context, {});
    case "stalled":
      return line(event.event, context, { unacked: event.unacked });
    case "received":
      return line(event.event, context, {
        ...delivery(event.delivery),
        ...jsonBody(event.delivery.body),
      });
    case "done":
    case "acked":
    case "requeued":
      return line(event.event, context, delivery(event.delivery));
    case "stopped": {
      const { failure: _, elapsedMs, ...counts } = event.summary;
      return line(event.event, context, {
        ...counts,
        elapsedMs: Math.round(elapsedMs),
        ...failure,
      });
    }
  }
}

function line(event: string, { worker, queue }: JsonContext, fields: object): string {
  return JSON.stringify({ event, at: new Date().toISOString(), worker, queue, ...fields });
}

function message({ messageId, body }: OutgoingMessage) {
  return { messageId, ...jsonBody(body) };
}

/**
 * `attempt` counts from 1: exact where the broker counts (quorum queues), and elsewhere 2 for
 * anything redelivered, which may have been delivered more often than twice.
 */
function delivery({ messageId, deliveryTag, redelivered, deliveryCount }: Delivery) {
  const attempt = deliveryCount === undefined ? (redelivered ? 2 : 1) : deliveryCount + 1;
  return { messageId, deliveryTag, redelivered, deliveryCount, attempt };
}
