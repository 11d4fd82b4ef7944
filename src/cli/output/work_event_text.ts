import type { Delivery } from "../../amqp/delivery.ts";
import type { WorkEvent, WorkSummary } from "../../work/work_event.ts";
import type { StopReason } from "../../work/stop_rules.ts";
import { printableText } from "./body.ts";
import { formatDuration } from "../values/duration.ts";
import { type Columns, type Line, stderr, stdout, taskLine } from "./line.ts";
import { foundQueueText, secondSignalText } from "./run_text.ts";

export interface WorkTextFormat {
  /** The worker's name, in front of its lines. */
  readonly name?: string | undefined;
  readonly columns: Columns;
  /** Whether to name each task by its message id. */
  readonly verbose: boolean;
  /**
   * Whether a command does the work. Then stdout is the command's, the worker's lines go to stderr,
   * and each names its task, because several may run.
   */
  readonly command: boolean;
  /** How many tasks were asked for. */
  readonly count?: number | undefined;
  /** What happened to the connection, in the words of the explainer. */
  readonly problem?: string | undefined;
}

/** An event of `work` in the tutorial's words, or undefined where there is nothing to say. */
export function workEventLine(event: WorkEvent, format: WorkTextFormat): Line | undefined {
  const name = format.name ?? "";
  const told = (text: string) => (format.command ? stderr : stdout)(`${name} ${text}`);
  const noticed = (text: string) => stderr(`${name} ${text}`.trimStart());
  const id = ({ delivery: { messageId } }: { delivery: Delivery }) =>
    format.verbose ? ` (id ${printableText(messageId ?? "none")})` : "";
  const about = (
    before: string,
    event: { delivery: Delivery },
    after = "",
    stream: Line["stream"] = format.command ? "stderr" : "stdout",
  ) => {
    const { body } = event.delivery;
    const line = { stream, before: `${name} ${before} `, body, after: id(event) + after };
    return taskLine(line, format.columns);
  };
  switch (event.event) {
    case "found":
      return noticed(`${foundQueueText(event.queue)}`);
    case "waiting":
      return told("[*] Waiting for messages. To exit press CTRL+C");
    case "received":
      return about("[x] Received", event, mark(event, format));
    case "delivered":
      return undefined; // "Received" follows when its work starts
    case "output":
      return undefined; // it is the command's
    case "done":
      return format.command
        ? about("[x] Done", event, ` in ${formatDuration(event.elapsedMs)}`)
        : told(`[x] Done${id(event)}`);
    case "failed":
      return about("[!] Failed", event, ` at attempt ${event.attempt}: ${event.failure.reason}`);
    case "retried":
      return about(`[!] Next attempt in ${formatDuration(event.delayMs)}:`, event);
    case "dead": {
      const why = `${attempts(event.attempt)}, ${event.failure.reason}`;
      return about("[!] Given up", event, ` after ${why}: now in ${event.deadLetterQueue}`);
    }
    case "rejected":
      return about("[!] Rejected", event);
    case "recounted":
      return about(
        `[i] Counted: attempt ${event.attempt - 1} of`,
        event,
        " was not finished; it goes to the end of the queue",
      );
    case "unsettled":
      return about(
        "[!] Finished, but not settled:",
        event,
        ". The broker delivers it again",
        "stderr",
      );
    case "released":
      return about(
        "[!] Released:",
        event,
        " went back to the queue: the broker waited too long for its acknowledgement",
        "stderr",
      );
    case "short-of-time":
      return noticed(
        "[!] --timeout is longer than this broker waits for an acknowledgement (30 min unless it is " +
          "set up otherwise): a task that takes longer goes back to the queue. Raise its " +
          "consumer_timeout",
      );
    case "acked":
    case "requeued":
      return undefined;
    case "reconnecting":
      return stderr(
        `${name} [!] ${format.problem}. Connecting again in ${formatDuration(event.delayMs)}`,
      );
    case "reconnected":
      return told("[*] Connected again. Waiting for messages");
    case "stalled":
      return stderr(
        `${name} [!] ${event.unacked} unacknowledged, as many as --prefetch allows: the broker delivers ` +
          "nothing more until this worker ends",
      );
    case "stopping":
      return noticed(
        `[*] ${event.reason}: no more tasks; waiting up to ${formatDuration(event.graceMs)} for ${
          event.running === 1 ? "the one that runs" : `the ${event.running} that run`
        }. ${secondSignalText(event.reason)}`,
      );
    case "stopped":
      return noticed(`[i] ${workSummaryText(event.summary, format)}`);
  }
}

const REASONS: Record<StopReason, string> = {
  count: "--count reached",
  empty: "the queue is empty",
  "idle-timeout": "nothing arrived for --idle-timeout",
  "max-time": "--max-time is over",
  stalled: "nothing more can come",
  SIGHUP: "SIGHUP",
  SIGINT: "SIGINT",
  SIGTERM: "SIGTERM",
  error: "an error",
};

export function workSummaryText(
  summary: WorkSummary,
  { count }: Pick<WorkTextFormat, "count">,
): string {
  const { reason, done, retried, dead, rejected, redelivered, elapsedMs } = summary;
  const { requeued, unfinished, unsettled, unacked, lost, reconnects } = summary;
  const parts = [`${done} done`, `${redelivered} redelivered`];
  if (retried > 0) parts.push(`${retried} put off for another attempt`);
  if (dead > 0) parts.push(`${dead} given up`);
  if (rejected > 0) parts.push(`${rejected} rejected`);
  if (requeued > 0) parts.push(`${requeued} given back to the queue`);
  if (unfinished > 0) parts.push(`${unfinished} not finished`);
  if (unsettled > 0) parts.push(`${unsettled} finished but not settled: they are delivered again`);
  if (unacked > 0) parts.push(`${unacked} never acknowledged: they return to the queue`);
  if (lost > 0) parts.push(`${lost} LOST: acknowledged, but not worked on to the end`);
  if (reconnects > 0) parts.push(`connected again ${times(reconnects)}`);
  const progress = count === undefined || reason === "count"
    ? ""
    : `: ${done + dead + rejected} of ${count}`;
  return `Stopped: ${REASONS[reason]}${progress}. ${parts.join(", ")}, in ${
    formatDuration(elapsedMs)
  }`;
}

function mark(
  { delivery, attempt }: { delivery: Delivery; attempt: number },
  { command }: WorkTextFormat,
): string {
  const { redelivered, deliveryCount } = delivery;
  if (command) return attempt > 1 ? ` (attempt ${attempt})` : "";
  if (!redelivered && !deliveryCount) return "";
  return deliveryCount === undefined
    ? " (redelivered)"
    : ` (redelivered, delivery count ${deliveryCount})`;
}

function attempts(count: number): string {
  return count === 1 ? "1 attempt" : `${count} attempts`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
