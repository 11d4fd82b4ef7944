import type { OutgoingMessage } from "../../amqp/publisher.ts";
import type { Delivery } from "../../amqp/delivery.ts";
import type { QueueDeclaration } from "../../amqp/queue.ts";
import type { SendEvent } from "../../send/send_event.ts";
import type { WorkEvent } from "../../work/work_event.ts";
import { jsonBody } from "./body.ts";
import { eventLine } from "./event_line.ts";
import { jsonProperties } from "./header_json.ts";

/** What every object of one run has in common. */
export interface JsonContext {
  readonly queue: string;
  /** Only `work` has one. */
  readonly worker?: string;
  /** Longer bodies are cut. */
  readonly limitBytes?: number;
}

/** How a failure is told in the last object. */
export interface JsonFailure {
  readonly error: string;
  /** Where it ends the run. */
  readonly exitCode?: number;
}

/** One line of NDJSON; the schema is documented in docs/events.md. */
export function sendEventJson(
  event: SendEvent,
  context: JsonContext,
  failure?: JsonFailure,
): string {
  switch (event.event) {
    case "found":
      return line(event.event, context, found(event.queue));
    case "sent": {
      const { confirmed, confirmMs } = event;
      return line(event.event, context, {
        ...message(event.message, context),
        confirmed,
        ...confirmMs !== undefined && { confirmMs: Math.round(confirmMs * 1_000) / 1_000 },
      });
    }
    case "returned": {
      const { replyCode, replyText } = event;
      return line(event.event, context, {
        ...message(event.message, context),
        replyCode,
        replyText,
      });
    }
    case "refused":
    case "unknown":
      return line(event.event, context, message(event.message, context));
    case "reconnecting": {
      const { delayMs } = event;
      return line(event.event, context, { delayMs: Math.round(delayMs), ...failure });
    }
    case "reconnected":
      return line(event.event, context, { resent: event.resent });
    case "stopping": {
      const { event: name, ...fields } = event;
      return line(name, context, fields);
    }
    case "stopped":
      return line(event.event, context, { ...counts(event.summary), ...failure });
  }
}

/** One line of NDJSON; the schema is documented in docs/events.md. */
export function workEventJson(
  event: WorkEvent,
  context: JsonContext,
  failure?: JsonFailure,
): string {
  switch (event.event) {
    case "found":
      return line(event.event, context, found(event.queue));
    case "waiting":
    case "short-of-time":
      return line(event.event, context, {});
    case "stalled":
      return line(event.event, context, { unacked: event.unacked });
    case "reconnecting": {
      const { delayMs } = event;
      return line(event.event, context, { delayMs: Math.round(delayMs), ...failure });
    }
    case "reconnected":
      return line(event.event, context, {});
    case "received":
      return line(event.event, context, {
        ...delivery(event),
        ...jsonProperties(event.delivery.properties),
        ...jsonBody(event.delivery.body, context.limitBytes),
      });
    case "output": {
      const { body: text, ...encoding } = jsonBody(event.lines);
      const { stream } = event;
      return line(event.event, context, { ...delivery(event), stream, text, ...encoding });
    }
    case "done":
      return line(event.event, context, { ...delivery(event), elapsedMs: tenths(event.elapsedMs) });
    case "failed": {
      const elapsedMs = tenths(event.elapsedMs);
      return line(event.event, context, { ...delivery(event), elapsedMs, ...event.failure });
    }
    case "retried":
      return line(event.event, context, { ...delivery(event), delayMs: event.delayMs });
    case "dead": {
      const { deadLetterQueue, failure } = event;
      return line(event.event, context, { ...delivery(event), deadLetterQueue, ...failure });
    }
    case "stopping": {
      const { event: name, ...fields } = event;
      return line(name, context, fields);
    }
    case "delivered":
    case "rejected":
    case "recounted":
    case "acked":
    case "unsettled":
    case "released":
    case "requeued":
      return line(event.event, context, delivery(event));
    case "stopped":
      return line(event.event, context, { ...counts(event.summary), ...failure });
  }
}

function line(event: string, { worker, queue }: JsonContext, fields: object): string {
  return eventLine(event, { worker, queue, ...fields });
}

/** What a run came to, without the failure, which is told in words. */
export function counts<S extends { readonly elapsedMs: number; readonly failure?: unknown }>(
  { failure: _, elapsedMs, ...counts }: S,
) {
  return { ...counts, elapsedMs: Math.round(elapsedMs) };
}

function message({ line, messageId, body }: OutgoingMessage, { limitBytes }: JsonContext) {
  return { line, messageId, ...jsonBody(body, limitBytes) };
}

function found({ durable, autoDelete = false, arguments: args }: QueueDeclaration) {
  return { durable, autoDelete, arguments: args };
}

function delivery({ delivery, attempt }: { delivery: Delivery; attempt: number }) {
  const { messageId, deliveryTag, redelivered, deliveryCount } = delivery;
  return { messageId, deliveryTag, redelivered, deliveryCount, attempt };
}

/** Milliseconds as they are worth reading. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
