import { type BrokerUrl, formatAddress } from "../../amqp/broker_url.ts";
import type { DeadEvent } from "../../dead_letters/dead_letter_event.ts";
import type { SendEvent } from "../../send/send_event.ts";
import type { WorkEvent } from "../../work/work_event.ts";
import type { ExitCode } from "./exit_code.ts";

/** A failure as the user reads it. */
export interface Explanation {
  /** What was tried and what came of it. */
  readonly message: string;
  /** What to do about it, a line each. */
  readonly remedies: readonly string[];
  readonly exitCode: ExitCode;
}

/**
 * The failure that an event tells of, be it the end of a run or of a connection; else undefined.
 */
export function failureOf(event: SendEvent | WorkEvent | DeadEvent): unknown {
  if (event.event === "stopped") return event.summary.failure;
  return event.event === "reconnecting" ? event.failure : undefined;
}

/** What was going on. */
export interface Attempt {
  readonly command: "send" | "work" | "dead" | "lab" | "wait" | "check" | "expect" | "queue";
  /** `host:port` */
  readonly address: string;
  readonly username: string;
  readonly vhost: string;
  /** What the broker calls itself, if it has answered. */
  readonly product?: string | undefined;
  readonly queue: string;
  readonly durable: boolean;
  readonly tls: boolean;
  /** Whether --tls-ca names the authorities to trust. */
  readonly ownAuthority: boolean;
}

/** What an attempt has to say of the URL that it was made with. */
export function placeOf(
  url: BrokerUrl,
): Pick<Attempt, "address" | "username" | "vhost" | "tls"> {
  const { username, vhost, tls } = url;
  return { address: formatAddress(url), username, vhost, tls };
}

/** Where the broker's URL is written: the lab does not look at the environment. */
export function urlSources({ command }: Attempt): string {
  return command === "lab" ? "--url" : "--url or AMQP_URL";
}

/** What a user may find after a connection was lost. */
export function whatRemains({ command }: Attempt): string {
  switch (command) {
    case "work":
      return "tasks that were not acknowledged are in the queue";
    case "dead":
      return "dead letters are where they were, and those replayed last may be in their work queue too";
    case "lab":
      return "the experiment is over, and its queues may be left on the broker: they begin with lab-";
    case "check":
      return "the check is over; its queue, if it could not be deleted, is deleted an hour later";
    case "queue":
      return "look at the queue again: what was asked for may have been done or not";
    case "expect":
      return "no task was taken out of the queue";
    case "wait":
      return "nothing was changed there";
    case "send":
      return "tasks that were not confirmed may be in the queue or not: sent again, they may be there twice";
  }
}
