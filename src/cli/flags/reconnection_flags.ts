import { Option } from "@commander-js/extra-typings";
import type { ReconnectionOptions } from "../../amqp/reconnection.ts";
import { argument } from "../values/argument.ts";
import { parseBackoff } from "../values/backoff.ts";
import { parseDuration } from "../values/duration.ts";

export const waitFlag = new Option(
  "--wait <duration>",
  "how long to wait for a broker at the start",
).argParser(argument(parseDuration)).default(0, "0");
export const reconnectDelayFlag = new Option(
  "--reconnect-delay <range>",
  "pause before connecting again; it doubles up to the second",
).argParser(argument(parseBackoff)).default({ minMs: 200, maxMs: 30_000 }, "200ms..30s");

/** @param described the default in words: "for ever", "30s" */
export function reconnectForFlag(defaultMs: number, described: string) {
  return new Option(
    "--reconnect-for <duration>",
    "how long to try after the connection was lost; 0 for not at all",
  ).argParser(argument(parseDuration)).default(defaultMs, described);
}

export interface ReconnectionFlags {
  readonly wait: number;
  readonly reconnectFor: number;
  readonly reconnectDelay: { readonly minMs: number; readonly maxMs: number };
}

export function reconnectionOptions(
  { wait, reconnectFor, reconnectDelay: { minMs, maxMs } }: ReconnectionFlags,
): ReconnectionOptions {
  return { waitMs: wait, reconnectForMs: reconnectFor, minDelayMs: minMs, maxDelayMs: maxMs };
}
