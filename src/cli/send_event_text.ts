import type { SendEvent, SendSummary } from "../sender/event.ts";
import { formatDuration } from "./duration.ts";
import { foundQueueText } from "./found_queue_text.ts";
import { type Line, quoted, stderr, stdout } from "./line.ts";

export interface SendTextFormat {
  /** Whether stdout is a terminal. */
  readonly terminal: boolean;
  /** Whether to print a line for every task that was sent. */
  readonly echo: boolean;
  /** What happened to the connection, in the words of the explainer. */
  readonly problem?: string | undefined;
  /** Whether to end with a summary. */
  readonly summary: boolean;
}

/** An event of `send` in the tutorial's words, or undefined where there is nothing to say. */
export function sendEventLine(event: SendEvent, format: SendTextFormat): Line | undefined {
  switch (event.event) {
    case "found":
      return stderr(` ${foundQueueText(event.queue)}`);
    case "sent":
      return format.echo ? stdout(` [x] Sent ${quoted(event.message.body, format)}`) : undefined;
    case "returned":
      return stderr(
        ` [!] Returned ${
          quoted(event.message.body, { terminal: true })
        }: no queue took it, it is in none ` +
          `(${event.replyCode} ${event.replyText})`,
      );
    case "refused":
      return stderr(
        ` [!] Refused ${
          quoted(event.message.body, { terminal: true })
        }: the broker did not take it`,
      );
    case "unknown":
      return stderr(
        ` [?] Unknown ${
          quoted(event.message.body, { terminal: true })
        }: not confirmed, it may be in the queue or not`,
      );
    case "reconnecting":
      return stderr(
        ` [!] ${format.problem}. Connecting again in ${formatDuration(event.delayMs)}`,
      );
    case "reconnected":
      return stderr(
        event.resent === 0
          ? " [i] Connected again"
          : ` [!] Connected again. ${event.resent} that were not confirmed are sent again, with the ` +
            "same message ids: the queue may have them twice",
      );
    case "stopped":
      return format.summary ? stderr(sendSummaryText(event.summary)) : undefined;
  }
}

export function sendSummaryText(summary: SendSummary): string {
  const { sent, confirmed, returned, refused, unknown, elapsedMs } = summary;
  const rate = elapsedMs > 0 ? Math.round(sent / elapsedMs * 1_000).toLocaleString("en") : "0";
  return `[i] ${sent} sent: ${confirmed} confirmed, ${returned} returned, ${refused} refused, ` +
    `${unknown} unknown, in ${formatDuration(elapsedMs)} (${rate}/s)`;
}
