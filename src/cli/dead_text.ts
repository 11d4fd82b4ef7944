import type { KnownDeath } from "../amqp/dead_letter.ts";
import type { Delivery } from "../amqp/delivery.ts";
import type { DeadEvent, DeadSummary } from "../dead/event.ts";
import { decodeUtf8, printableText, quotedBody } from "./body.ts";
import { formatDuration } from "./duration.ts";
import { jsonHeader } from "./header_value.ts";
import type { DeadAction } from "./dead_flags.ts";

const LISTED_BODY_BYTES = 60;
const LISTED_REASON_CHARACTERS = 40;
const SHOWN_BODY_BYTES = 1_048_576;

const COLUMNS = ["DIED AT", "ATTEMPTS", "REASON", "MESSAGE ID", "BODY"] as const;

/** Shown on its own, not among the headers. */
const STDERR = "x-worktool-stderr";

/** A dead letter's cells in the table of `ls`. */
export function deadLetterRow(delivery: Delivery, death: KnownDeath): readonly string[] {
  const { at, attempts, reason = "" } = death;
  return [
    at ? `${at.toISOString().slice(0, 19)}Z` : "-",
    String(attempts ?? "-"),
    shortened(printableText(reason), LISTED_REASON_CHARACTERS) || "-",
    printableText(delivery.messageId ?? "-"),
    quotedBody(delivery.body, LISTED_BODY_BYTES),
  ];
}

/** An aligned table with its headings; empty without rows. */
export function table(rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const all = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const last = COLUMNS.length - 1;
  return all.map((row) =>
    row.map((cell, column) => {
      if (column === last) return cell;
      return COLUMNS[column] === "ATTEMPTS"
        ? cell.padStart(widths[column]!)
        : cell.padEnd(widths[column]!);
    }).join("  ")
  ).join("\n");
}

/** A whole dead letter, as `show` prints it: a label and its value a line, the body last. */
export function deadLetterText(delivery: Delivery, death: KnownDeath): string {
  const { headers = {}, ...properties } = delivery.properties;
  const rows: (readonly [label: string, text: string | undefined])[] = [
    ["died at", death.at?.toISOString()],
    ["from queue", death.queue],
    ["attempts", death.attempts?.toString()],
    ["reason", death.reason],
    ["worker", death.worker],
    ...Object.entries(properties).map(([name, value]) =>
      [kebab(name), value === undefined ? undefined : String(value)] as const
    ),
    ...Object.entries(headers).filter(([name]) => name !== STDERR)
      .map(([name, value]) => [`header ${name}`, headerText(value)] as const),
  ];
  const lines = rows.filter(([, text]) => text !== undefined)
    .map(([label, text]) => `${printableText(label)}: ${printableText(text!)}`);
  if (death.stderr) lines.push("stderr:", ...indented(death.stderr));
  lines.push(`body: (${delivery.body.byteLength} bytes)`, ...bodyLines(delivery.body));
  return lines.join("\n");
}

/** What became of one dead letter of `replay`, where it is not what was wanted. */
export function notReplayedText(event: DeadEvent): string | undefined {
  if (event.event !== "returned" && event.event !== "refused") return undefined;
  const body = quotedBody(event.delivery.body, LISTED_BODY_BYTES);
  const why = event.event === "returned"
    ? `there is no queue '${printableText(event.to)}' (${event.replyCode} ${event.replyText})`
    : printableText(event.reason);
  return ` [!] Not replayed ${body}: ${why}; it stays a dead letter`;
}

export function deadSummaryText(summary: DeadSummary, action: DeadAction, queue: string): string {
  const { ready, looked, matched, replayed, returned, refused, purged, complete } = summary;
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
      const kept = returned + refused;
      const not = kept > 0 ? `, ${kept.toLocaleString("en")} not` : "";
      return `[i] ${replayed.toLocaleString("en")} replayed${not}, ${of}${stopped}, in ` +
        formatDuration(summary.elapsedMs);
    }
    case "purge":
      return `[i] ${purged.toLocaleString("en")} purged ${of}${stopped}`;
  }
}

function bodyLines(body: Uint8Array): string[] {
  const text = body.byteLength <= SHOWN_BODY_BYTES ? decodeUtf8(body) : undefined;
  return text === undefined ? [`  ${quotedBody(body, SHOWN_BODY_BYTES)}`] : indented(text);
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
