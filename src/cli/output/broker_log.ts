import type { BrokerEvent } from "../../broker/broker_event.ts";
import { printableText } from "./body.ts";
import { counted } from "./counted.ts";
import { eventLine } from "./event_line.ts";

/**
 * A line for the log, or undefined for what only `--verbose` shows. Control characters are escaped:
 * clients choose names, and most errors repeat them.
 */
export function brokerLogLine(
  event: BrokerEvent,
  options: { verbose: boolean },
): string | undefined {
  const text = textOf(event, options);
  // The stack of a bug has lines. No line of the log is indented, so none of it passes for one.
  if (event.event === "internal-error") return text?.split("\n").map(printableText).join("\n  ");
  return text && printableText(text);
}

function textOf(event: BrokerEvent, { verbose }: { verbose: boolean }): string | undefined {
  switch (event.event) {
    case "listening":
      return event.messages > 0
        ? `${counted(event.messages, "message")} found in the data directory`
        : undefined;
    case "full":
      return `no room for more connections: ${event.connections} are open, ` +
        (event.lack === "memory"
          ? "and memory is short (--max-memory)"
          : "as many as the limit of open files allows (ulimit -n)");
    case "management":
      return `management HTTP API at ${event.url}`;
    case "management-unavailable":
      return `no management HTTP API at ${event.url}: ${event.reason}. ` +
        "Choose another port with --http, or --no-http";
    case "connected":
      return verbose ? `[${event.connection}] connected from ${event.remote}` : undefined;
    case "opened": {
      const name = event.name === "" ? "" : `: ${event.name}`;
      return `[${event.connection}] opened by ${event.user} in vhost '${event.vhost}'${name}`;
    }
    case "refused":
      return `[${event.connection}] refused: ${event.replyCode} ${event.reason}`;
    case "channel-error":
      return `[${event.connection}] channel ${event.channel} closed: ${event.replyCode} ${event.reason}`;
    case "connection-error":
      return `[${event.connection}] closed: ${event.replyCode} ${event.reason}`;
    case "disconnected":
      return `[${event.connection}] disconnected: ${event.reason}`;
    case "method":
      return verbose ? `[${event.connection}] channel ${event.channel} ${event.method}` : undefined;
    case "blocked":
      return `publishers blocked: clients fill ${megabytes(event.memoryBytes)}, see --max-memory`;
    case "unblocked":
      return `publishers go on: clients fill ${megabytes(event.memoryBytes)}`;
    case "store-failed":
      return `the data directory cannot be written: ${event.reason}. Publishers get a basic.nack`;
    case "store-mended":
      return `data directory: ${event.reason}`;
    case "store-damaged":
      return `data directory is damaged: ${event.reason}`;
    case "definitions":
      return `${event.objects} objects imported from --definitions`;
    case "not-imported":
      return `not imported: ${event.place}: ${event.reason}`;
    case "internal-error":
      return `[${event.connection}] a bug in worktool, please report it: ${event.reason}`;
    case "operation-failed": {
      const message = event.message === undefined ? "" : `message ${event.message} of `;
      return `${message}queue '${event.queue}' in vhost '${event.vhost}': given up: ${event.reason}`;
    }
    case "faults":
      return `faults on purpose: the same ones come with --seed ${event.seed}`;
    case "fault": {
      const channel = event.channel === undefined ? "" : ` on channel ${event.channel}`;
      const connection = event.connection === 0 ? "" : `[${event.connection}] `;
      return `${connection}fault ${event.fault}${channel}, ${event.what}`;
    }
    case "faults-made": {
      const made = Object.entries(event.made).map(([fault, count]) => `${count} ${fault}`);
      return `faults made with --seed ${event.seed}: ${made.join(", ")}`;
    }
    case "closed":
      return "stopped";
  }
}

/** One line of NDJSON; the schema is documented in docs/events.md. */
export function brokerLogJson(event: BrokerEvent): string {
  const { event: name, ...fields } = event;
  return eventLine(name, fields);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
