import type { OutgoingMessage } from "../../amqp/publisher.ts";
import type { SendEvent, SendSummary } from "../../send/send_event.ts";
import { printableText } from "./body.ts";
import { formatDuration } from "../values/duration.ts";
import { type Columns, type Line, stderr, taskLine } from "./line.ts";
import { foundQueueText, secondSignalText } from "./run_text.ts";

export interface SendTextFormat {
  readonly columns: Columns;
  /** Whether to name each task by its message id. */
  readonly verbose: boolean;
  /** Whether to print a line for every task that was sent. */
  readonly echo: boolean;
  /** What happened to the connection, in the words of the explainer. */
  readonly problem?: string | undefined;
  /** Whether to end with a summary. */
  readonly summary: boolean;
}

/** An event of `send` in the tutorial's words, or undefined where there is nothing to say. */
export function sendEventLine(event: SendEvent, format: SendTextFormat): Line | undefined {
  const about = (
    stream: Line["stream"],
    before: string,
    { body, messageId }: OutgoingMessage,
    after = "",
  ) => {
    const id = format.verbose ? ` (id ${printableText(messageId)})` : "";
    return taskLine({ stream, before, body, after: id + after }, format.columns);
  };
  switch (event.event) {
    case "found":
      return stderr(` ${foundQueueText(event.queue)}`);
    case "sent":
      return format.echo ? about("stdout", " [x] Sent ", event.message) : undefined;
    case "returned": {
      const { message, replyCode, replyText } = event;
      const why = `: no queue took it, it is in none (${replyCode} ${replyText})`;
      return about("stderr", " [!] Returned ", message, why);
    }
    case "refused":
      return about("stderr", " [!] Refused ", event.message, ": the broker did not take it");
    case "unknown":
      return about(
        "stderr",
        " [?] Unknown ",
        event.message,
        ": not confirmed, it may be in the queue or not",
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
    case "stopping":
      return stderr(
        ` [*] ${event.reason}: no more tasks; waiting for the confirms of ${event.unconfirmed}. ` +
          secondSignalText(event.reason),
      );
    case "stopped":
      return format.summary ? stderr(sendSummaryText(event.summary)) : undefined;
  }
}

function sendSummaryText(summary: SendSummary): string {
  const { sent, confirmed, returned, refused, unknown, complete, failure, elapsedMs } = summary;
  const { nextLine } = summary;
  const goOn = nextLine !== undefined && sent > 0 ? `. Go on with --from-line ${nextLine}` : "";
  const rate = elapsedMs > 0 ? Math.round(sent / elapsedMs * 1_000).toLocaleString("en") : "0";
  const stopped = complete || failure !== undefined ? "" : "Stopped before the last task: ";
  return `[i] ${stopped}${sent} sent: ${confirmed} confirmed, ${returned} returned, ${refused} refused, ` +
    `${unknown} unknown, in ${formatDuration(elapsedMs)} (${rate}/s)${goOn}`;
}
