import type { Delivery } from "../amqp/consumer.ts";
import type { SendEvent, SendSummary } from "../sender/event.ts";
import type { WorkEvent, WorkSummary } from "../worker/event.ts";
import type { StopReason } from "../worker/stop_rules.ts";
import { quotedBody } from "./body.ts";
import { formatDuration } from "./duration.ts";

/** Longer bodies are cut where a person reads them; what goes down a pipe has more room. */
const READABLE_BODY_BYTES = 1_000;
const PIPE_BODY_BYTES = 1_048_576;

/** A line for a person, and the stream it belongs to. */
export interface Line {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

export interface TextFormat {
  /** The worker's name, in front of its lines. */
  readonly name?: string | undefined;
  /** Whether stdout is a terminal. */
  readonly terminal: boolean;
}

export interface SendTextFormat extends TextFormat {
  /** Whether to print a line for every task that was sent. */
  readonly echo: boolean;
  /** Whether to end with a summary. */
  readonly summary: boolean;
}

/** An event of `send` in the tutorial's words, or undefined where there is nothing to say. */
export function sendEventLine(event: SendEvent, format: SendTextFormat): Line | undefined {
  switch (event.event) {
    case "sent":
      return format.echo ? stdout(` [x] Sent ${quoted(event.message.body, format)}`) : undefined;
    case "returned":
      return stderr(
        ` [!] Returned ${
          quotedBody(event.message.body, READABLE_BODY_BYTES)
        }: no queue took it, it is in none ` +
          `(${event.replyCode} ${event.replyText})`,
      );
    case "refused":
      return stderr(
        ` [!] Refused ${quoted(event.message.body, format)}: the broker did not take it`,
      );
    case "unknown":
      return stderr(
        ` [?] Unknown ${
          quoted(event.message.body, format)
        }: not confirmed, it may be in the queue or not`,
      );
    case "stopped":
      return format.summary ? stderr(sendSummaryText(event.summary)) : undefined;
  }
}

/** An event of `work` in the tutorial's words, or undefined where there is nothing to say. */
export function workEventLine(event: WorkEvent, format: TextFormat): Line | undefined {
  const name = format.name ?? "";
  switch (event.event) {
    case "waiting":
      return stdout(`${name} [*] Waiting for messages. To exit press CTRL+C`);
    case "received":
      return stdout(
        `${name} [x] Received ${quoted(event.delivery.body, format)}${
          deliveryMark(event.delivery)
        }`,
      );
    case "done":
      return stdout(`${name} [x] Done`);
    case "acked":
    case "requeued":
      return undefined;
    case "stalled":
      return stderr(
        `${name} [!] ${event.unacked} unacknowledged, as many as --prefetch allows: the broker delivers ` +
          "nothing more until this worker ends",
      );
    case "stopped":
      return stderr(`${name} [i] ${workSummaryText(event.summary)}`.trimStart());
  }
}

const REASONS: Record<StopReason, string> = {
  count: "--count reached",
  empty: "the queue is empty",
  "idle-timeout": "nothing arrived for --idle-timeout",
  "max-time": "--max-time is over",
  stalled: "nothing more can come",
  SIGINT: "SIGINT",
  SIGTERM: "SIGTERM",
  error: "an error",
};

export function workSummaryText(summary: WorkSummary): string {
  const { reason, done, redelivered, requeued, unfinished, unacked, lost, elapsedMs } = summary;
  const parts = [`${done} done`, `${redelivered} redelivered`];
  if (requeued > 0) parts.push(`${requeued} given back to the queue`);
  if (unfinished > 0) parts.push(`${unfinished} not finished`);
  if (unacked > 0) parts.push(`${unacked} never acknowledged: they return to the queue`);
  if (lost > 0) parts.push(`${lost} LOST: acknowledged, but not worked on to the end`);
  return `Stopped: ${REASONS[reason]}. ${parts.join(", ")}, in ${formatDuration(elapsedMs)}`;
}

export function sendSummaryText(summary: SendSummary): string {
  const { sent, confirmed, returned, refused, unknown, elapsedMs } = summary;
  const rate = elapsedMs > 0 ? Math.round(sent / elapsedMs * 1_000).toLocaleString("en") : "0";
  return `[i] ${sent} sent: ${confirmed} confirmed, ${returned} returned, ${refused} refused, ` +
    `${unknown} unknown, in ${formatDuration(elapsedMs)} (${rate}/s)`;
}

function deliveryMark({ redelivered, deliveryCount }: Delivery): string {
  if (!redelivered && !deliveryCount) return "";
  return deliveryCount === undefined
    ? " (redelivered)"
    : ` (redelivered, delivery count ${deliveryCount})`;
}

function quoted(body: Uint8Array, { terminal }: TextFormat): string {
  return quotedBody(body, terminal ? READABLE_BODY_BYTES : PIPE_BODY_BYTES);
}

function stdout(text: string): Line {
  return { stream: "stdout", text };
}

function stderr(text: string): Line {
  return { stream: "stderr", text };
}
