import { type KnownDeath, otherHeaders } from "../../retry/dead_letter.ts";
import type { Delivery } from "../../amqp/delivery.ts";
import { utf8Text } from "../../retry/utf8.ts";
import type { DeadEvent, DeadSummary } from "../../dead_letters/dead_letter_event.ts";
import { alignedLines } from "./aligned.ts";
import { escapedBody, printableText, startOf } from "./body.ts";
import { formatDuration } from "../values/duration.ts";
import { jsonHeader } from "./header_json.ts";
import { type Columns, type Line, taskLine } from "./line.ts";
import type { DeadAction } from "../flags/dead_flags.ts";

const LISTED_REASON_CHARACTERS = 40;
const SHOWN_BODY_BYTES = 1_048_576;

/** Before the body. */
const COLUMNS = ["DIED AT", "ATTEMPTS", "REASON", "MESSAGE ID"] as const;

/** A line of the table that `ls` prints. */
export interface DeadLetterRow {
  readonly cells: readonly string[];
  /** The last cell, cut to the room that the others leave. */
  readonly body: Uint8Array;
}

/** A dead letter's cells but its body. */
export function deadLetterCells(delivery: Delivery, death: KnownDeath): readonly string[] {
  const { at, attempts, reason = "" } = death;
  return [
    at ? `${at.toISOString().slice(0, 19)}Z` : "-",
    String(attempts ?? "-"),
    shortened(printableText(reason), LISTED_REASON_CHARACTERS) || "-",
    printableText(delivery.messageId ?? "-"),
  ];
}

/** An aligned table with its headings. */
export function table(rows: readonly DeadLetterRow[], columns: Columns): string {
  const all = [COLUMNS, ...rows.map(({ cells }) => cells)];
  const [heading, ...lines] = alignedLines(all, (n) => COLUMNS[n] === "ATTEMPTS");
  const whole = rows.map(({ body }, n) =>
    taskLine({ stream: "stdout", before: `${lines[n]}  `, body }, columns).text
  );
  return [`${heading}  BODY`, ...whole].join("\n");
}

/**
 * A whole dead letter, as `show` prints it: each fact once, a label and its value a line, the body
 * last.
 */
export function deadLetterText(delivery: Delivery, death: KnownDeath): string {
  const { headers: _, ...properties } = delivery.properties;
  const rows: (readonly [label: string, text: string | undefined])[] = [
    ["died at", death.at?.toISOString()],
    ["from queue", death.queue],
    ["attempts", death.attempts?.toString()],
    ["reason", death.reason],
    ["worker", death.worker],
    ...Object.entries(properties).map(([name, value]) =>
      [kebab(name), value === undefined ? undefined : String(value)] as const
    ),
    ...Object.entries(otherHeaders(delivery))
      .map(([name, value]) => [`header ${name}`, headerText(value)] as const),
  ];
  const lines = rows.filter(([, text]) => text !== undefined)
    .map(([label, text]) => `${printableText(label)}: ${printableText(text!)}`);
  if (death.stderr) lines.push("stderr:", ...indented(death.stderr));
  lines.push(`body: (${delivery.body.byteLength} bytes)`, ...bodyLines(delivery.body));
  return lines.join("\n");
}

/** What became of one dead letter of `replay`, where it is not what was wanted. */
export function notReplayedLine(event: DeadEvent, columns: Columns): Line | undefined {
  const why = whyNotReplayed(event);
  if (why === undefined || !("delivery" in event)) return undefined;
  const { body } = event.delivery;
  const after = `: ${printableText(why)}; it stays a dead letter`;
  return taskLine({ stream: "stderr", before: " [!] Not replayed ", body, after }, columns);
}

function whyNotReplayed(event: DeadEvent): string | undefined {
  switch (event.event) {
    case "returned":
      return `there is no queue '${event.to}' (${event.replyCode} ${event.replyText})`;
    case "refused":
      return event.reason;
    case "kept":
      return `it came from queue '${event.from}', and goes where --to says`;
    default:
      return undefined;
  }
}

export function deadSummaryText(summary: DeadSummary, action: DeadAction, queue: string): string {
  const { ready, looked, matched, replayed, returned, refused, kept, purged, complete } = summary;
  const of = `of ${ready.toLocaleString("en")} in '${printableText(queue)}'`;
  const stopped = complete ? "" : ", stopped early";
  switch (action) {
    case "ls":
    case "show": {
      const more = ready - looked;
      const rest = more > 0 && complete
        ? `; ${more.toLocaleString("en")} not looked at, see --count`
        : "";
      return `[i] ${matched.toLocaleString("en")} shown ${of}${rest}${stopped}`;
    }
    case "replay": {
      const left = returned + refused + kept;
      const not = left > 0 ? `, ${left.toLocaleString("en")} not` : "";
      return `[i] ${replayed.toLocaleString("en")} replayed${not}, ${of}${stopped}, in ` +
        formatDuration(summary.elapsedMs);
    }
    case "purge":
      return `[i] ${purged.toLocaleString("en")} purged ${of}${stopped}`;
  }
}

function bodyLines(body: Uint8Array): string[] {
  const shown = startOf(body, SHOWN_BODY_BYTES);
  const text = utf8Text(shown);
  const lines = text === undefined ? [`  ${escapedBody(shown)}`] : indented(text);
  return shown.byteLength === body.byteLength ? lines : [...lines, "  …"];
}

function indented(text: string): string[] {
  return text.replace(/\n$/, "").split("\n").map((line) => `  ${printableText(line)}`.trimEnd());
}

function headerText(value: unknown): string {
  const json = jsonHeader(value);
  return typeof json === "string" ? json : JSON.stringify(json);
}

function shortened(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
