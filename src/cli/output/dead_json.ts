import type { KnownDeath } from "../../retry/dead_letter.ts";
import type { Delivery } from "../../amqp/delivery.ts";
import type { DeadEvent } from "../../dead_letters/dead_letter_event.ts";
import { jsonBody } from "./body.ts";
import { counts, type JsonFailure } from "./event_json.ts";
import { eventLine } from "./event_line.ts";
import { jsonProperties } from "./header_json.ts";

/** The queues that a run is about. */
export interface DeadContext {
  readonly queue: string;
  readonly deadLetterQueue: string;
}

/**
 * One line of NDJSON; the schema is documented in docs/events.md.
 *
 * @param context.limitBytes longer bodies are cut
 */
export function deadEventJson(
  event: DeadEvent,
  { limitBytes, ...context }: DeadContext & { readonly limitBytes: number },
  failure?: JsonFailure,
): string {
  switch (event.event) {
    case "dead-letter":
      return line(event.event, context, deadLetter(event, limitBytes));
    case "replayed": {
      const { delivery: { messageId }, to } = event;
      return line(event.event, context, { messageId, to });
    }
    case "returned": {
      const { delivery: { messageId }, to, replyCode, replyText } = event;
      return line(event.event, context, { messageId, to, replyCode, replyText });
    }
    case "refused": {
      const { delivery: { messageId }, to, reason } = event;
      return line(event.event, context, { messageId, to, reason });
    }
    case "kept":
      return line(event.event, context, { messageId: event.delivery.messageId, from: event.from });
    case "purged":
      return line(event.event, context, { messageId: event.delivery.messageId });
    case "stopped":
      return line(event.event, context, { ...counts(event.summary), ...failure });
  }
}

function line(event: string, context: DeadContext, fields: object): string {
  return eventLine(event, { ...context, ...fields });
}

function deadLetter(
  { delivery, death: { queue: from, at, ...death } }: { delivery: Delivery; death: KnownDeath },
  limitBytes: number,
) {
  const { messageId, redelivered, deliveryCount, exchange, routingKey, properties } = delivery;
  return {
    messageId,
    from,
    deadAt: at?.toISOString(),
    ...death,
    redelivered,
    deliveryCount,
    exchange,
    routingKey,
    ...jsonProperties(properties),
    ...jsonBody(delivery.body, limitBytes),
  };
}
