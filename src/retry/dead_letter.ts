import { ATTEMPTS, ISOLATED } from "./attempts.ts";
import type { Delivery, DeliveryProperties } from "../amqp/delivery.ts";
import { deathsElsewhere, EXPIRATION, type HeaderChanges } from "./republished_properties.ts";
import { endOfText } from "./utf8.ts";

/** What worktool writes down when it gives a task up. */
const QUEUE = "x-worktool-queue";
const REASON = "x-worktool-reason";
const EXIT_STATUS = "x-worktool-exit-status";
const SIGNAL = "x-worktool-signal";
const STDERR = "x-worktool-stderr";
const DEAD_AT = "x-worktool-dead-at";
const WORKER = "x-worktool-worker";

/** What the broker's `x-death` told before, under a name that says whose dead letter this is. */
const EARLIER_DEATHS = "x-worktool-x-death";

/** How each of them is read; what has not this form somebody else wrote. */
const READERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  [QUEUE]: text,
  [ATTEMPTS]: integer,
  [REASON]: text,
  [EXIT_STATUS]: integer,
  [SIGNAL]: text,
  [STDERR]: text,
  [DEAD_AT]: date,
  [WORKER]: text,
};

/** Which run of `worktool dead replay` has put a task back. */
const REPLAY = "x-worktool-replay";

/** The end of stderr says what went wrong; headers should stay small. */
const STDERR_BYTES = 2_048;

/** Why a task was given up. */
export interface Death {
  /** The work queue. */
  readonly queue: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** In a few words: "exit status 65". */
  readonly reason: string;
  readonly exitStatus?: number | undefined;
  /** For example "SIGKILL". */
  readonly signal?: string | undefined;
  /** What the command wrote to stderr; the last 2 KiB are kept. */
  readonly stderr?: string | undefined;
  readonly at: Date;
  /** The worker's name. */
  readonly worker: string;
}

/** What is known of a dead letter: all of it if worktool made it, less if the broker did. */
export type KnownDeath = { readonly [K in keyof Death]?: Death[K] };

/**
 * The headers that tell of a death; none is left of an earlier one. `x-death` is renamed: where a
 * dead letter has it, the broker was the last to dead-letter it.
 */
export function deathHeaders(death: Death, { properties }: Delivery): HeaderChanges {
  const { stderr } = death;
  const earlier = deathsElsewhere(properties.headers ?? {}, death.queue);
  return {
    "x-death": undefined,
    ...earlier.length > 0 ? { [EARLIER_DEATHS]: earlier } : {},
    [QUEUE]: death.queue,
    [ATTEMPTS]: death.attempts,
    [ISOLATED]: undefined,
    [REASON]: death.reason,
    [EXIT_STATUS]: death.exitStatus,
    [SIGNAL]: death.signal,
    [STDERR]: stderr === undefined ? undefined : endOfText(stderr, STDERR_BYTES),
    [DEAD_AT]: death.at.toISOString(),
    [WORKER]: death.worker,
  };
}

/**
 * Reads the death out of a dead letter's headers. Where the broker dead-lettered it (`x-death`, of
 * which the first entry is the newest) only that is believed: a producer may have written
 * worktool's headers, and the broker keeps them. Anybody can write headers into a queue: what has
 * not the right form is left out.
 */
export function deathOf({ properties }: Delivery): KnownDeath {
  const headers = properties.headers ?? {};
  const newest = newestDeath(headers);
  const death = newest ? brokersDeath(newest) : {
    queue: text(headers[QUEUE]),
    attempts: integer(headers[ATTEMPTS]),
    reason: text(headers[REASON]),
    exitStatus: integer(headers[EXIT_STATUS]),
    signal: text(headers[SIGNAL]),
    stderr: text(headers[STDERR]),
    at: date(headers[DEAD_AT]),
    worker: text(headers[WORKER]),
  };
  return Object.fromEntries(Object.entries(death).filter(([, value]) => value !== undefined));
}

function brokersDeath({ queue, reason, time }: Record<string, unknown>) {
  const seconds = (time as { value?: unknown } | undefined)?.value;
  const at = typeof seconds === "number" ? date(seconds * 1_000) : undefined;
  return { queue: text(queue), reason: text(reason), at };
}

/** The first entry of `x-death`; undefined where the broker has not dead-lettered the message. */
function newestDeath(headers: Readonly<Record<string, unknown>>) {
  const deaths = headers["x-death"];
  if (!Array.isArray(deaths) || deaths.length === 0) return undefined;
  const [newest] = deaths;
  return (typeof newest === "object" ? newest ?? {} : {}) as Record<string, unknown>;
}

/**
 * The headers of a dead letter without what {@linkcode deathOf} has told, and what tells it again.
 */
export function otherHeaders({ properties }: Delivery): Record<string, unknown> {
  const headers: Record<string, unknown> = { ...properties.headers };
  const newest = newestDeath(headers);
  if (newest === undefined) {
    for (const [name, read] of Object.entries(READERS)) {
      if (read(headers[name]) !== undefined) delete headers[name];
    }
    return headers;
  }
  for (const which of ["first", "last"]) {
    for (const fact of ["queue", "reason", "exchange"]) delete headers[`x-${which}-death-${fact}`];
  }
  const { queue: _queue, reason: _reason, time: _time, ...rest } = newest;
  headers["x-death"] = [rest, ...(headers["x-death"] as unknown[]).slice(1)];
  return headers;
}

/** Whether the run of this name has replayed the message before, and it died again meanwhile. */
export function wasReplayedBy({ properties }: Delivery, run: string): boolean {
  return properties.headers?.[REPLAY] === run;
}

/**
 * The properties of a dead letter's copy in its work queue: as if it had never been tried. It gets
 * back its expiration, but not a `userId` that was kept as a header: the broker vouches for that
 * property, and anybody could have written the header. Where it had first been published to stays
 * known, because the copy itself cannot tell.
 */
export function replayedProperties(
  { properties }: Delivery,
  { username, run }: { readonly username: string; readonly run: string },
): DeliveryProperties {
  const headers: Record<string, unknown> = { ...properties.headers };
  const expiration = text(headers[EXPIRATION]);
  const restorable = expiration !== undefined && /^\d+$/.test(expiration);
  for (const name of [...Object.keys(READERS), EXPIRATION]) delete headers[name];
  delete headers["x-delivery-count"];
  delete headers["x-acquired-count"];
  // The broker would route the copy to those queues too.
  delete headers.CC;
  headers[REPLAY] = run;
  return {
    ...properties,
    headers,
    expiration: restorable ? expiration : properties.expiration,
    userId: properties.userId === username ? username : undefined,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function integer(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? value as number : undefined;
}

function date(value: unknown): Date | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
