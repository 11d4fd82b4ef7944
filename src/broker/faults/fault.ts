/** Codes that a channel can be closed with, by number. */
export const CHANNEL_CODES = {
  403: "ACCESS_REFUSED",
  404: "NOT_FOUND",
  405: "RESOURCE_LOCKED",
  406: "PRECONDITION_FAILED",
} as const;

/** Codes that a connection can be closed with, by number. */
export const CONNECTION_CODES = {
  320: "CONNECTION_FORCED",
  501: "FRAME_ERROR",
  503: "COMMAND_INVALID",
  504: "CHANNEL_ERROR",
  505: "UNEXPECTED_FRAME",
  530: "NOT_ALLOWED",
  540: "NOT_IMPLEMENTED",
  541: "INTERNAL_ERROR",
} as const;

/** When a fault is made: now and then, or once on each of what it counts. */
export type When =
  /** From 0 to 1, for each event. */
  | { readonly chance: number }
  /** When so many events have gone well, at least 1. */
  | { readonly after: number };

/** A fault that is decided anew for each event, and made so often at most. */
export type Recurrence = When & { readonly times: number };

/** One fault that the broker is to make on purpose. */
export type Fault =
  /** A publish that waits for a confirm is not taken, and gets a basic.nack. */
  | Recurrence & { readonly kind: "nack-confirm" }
  /** An acknowledgement is lost: its delivery comes back, as after the end of a connection. */
  | Recurrence & { readonly kind: "redeliver" }
  /** After a delivery its consumer is cancelled by the broker. */
  | Recurrence & { readonly kind: "cancel" }
  /** After a publish or a settlement its channel is closed. */
  | Recurrence & { readonly kind: "close-channel"; readonly code: keyof typeof CHANNEL_CODES }
  /** After a publish or a settlement its connection is closed. */
  | Recurrence & { readonly kind: "close-connection"; readonly code: keyof typeof CONNECTION_CODES }
  /** With a publish or a settlement its socket dies. */
  | Recurrence & { readonly kind: "drop" }
  /** What a channel is sent waits so long, in ms. */
  | { readonly kind: "delay"; readonly minMs: number; readonly maxMs: number }
  /** After so many publishes of a connection all publishers are blocked for so long, in ms. */
  | { readonly kind: "blocked"; readonly after: number; readonly forMs: number }
  /**
   * After so many publishes of a connection, or from the start on, nothing is written to the disk,
   * for so long in ms or for ever.
   */
  | { readonly kind: "full-disk"; readonly after?: number; readonly forMs?: number };

export type FaultKind = Fault["kind"];

/** A fault that is decided event by event. */
export type RecurringFault = Extract<Fault, { readonly times: number }>;

/** The faults of one kind. */
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>;

/** What a broker is to do wrong. */
export interface FaultPlan {
  readonly faults: readonly Fault[];
  /** From 0 to 2^32 - 1: with the same traffic it brings the same faults. */
  readonly seed: number;
}
