import { Option } from "@commander-js/extra-typings";
import type { ReconnectionOptions } from "../../amqp/reconnection.ts";
import { argument } from "../values/argument.ts";
import { parseBackoff } from "../values/backoff.ts";
import { flagGroup, type FlagsOf } from "./flag_group.ts";
import { parseDuration } from "../values/duration.ts";

/**
 * When to connect again.
 *
 * @param reconnectFor how long to try unless told otherwise, and that in words: "for ever", "30s"
 */
export function reconnectionFlags(
  reconnectFor: { readonly defaultMs: number; readonly described: string },
) {
  return flagGroup("Connection")
    .addOption(
      new Option("--wait <duration>", "how long to wait for a broker at the start")
        .argParser(argument(parseDuration)).default(0, "0"),
    )
    .addOption(
      new Option(
        "--reconnect-for <duration>",
        "how long to try after the connection was lost; 0 for not at all",
      ).argParser(argument(parseDuration))
        .default(reconnectFor.defaultMs, reconnectFor.described),
    )
    .addOption(
      new Option(
        "--reconnect-delay <range>",
        "pause before connecting again: the shortest, and the longest; it doubles each time",
      ).argParser(argument(parseBackoff))
        .default({ minMs: 200, maxMs: 30_000 }, "200ms..30s"),
    );
}

export function reconnectionOptions(
  { wait, reconnectFor, reconnectDelay: { minMs, maxMs } }: FlagsOf<typeof reconnectionFlags>,
): ReconnectionOptions {
  return { waitMs: wait, reconnectForMs: reconnectFor, minDelayMs: minMs, maxDelayMs: maxMs };
}
