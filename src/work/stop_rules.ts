/** When a worker ends by itself; without any rule it works until it is told to stop. */
export interface StopRules {
  /** After this many tasks. */
  readonly count?: number;
  /** When the queue has nothing ready and nothing runs here. */
  readonly untilEmpty: boolean;
  /** When nothing arrived and nothing ran for this long. */
  readonly idleTimeoutMs?: number;
  /** After this long, whatever there is left. */
  readonly maxTimeMs?: number;
}

/** Why a worker ended. */
export type StopReason =
  | "count"
  | "empty"
  | "idle-timeout"
  /** The prefetch is used up by tasks that are never acknowledged: the rule can never be met. */
  | "stalled"
  | "max-time"
  | "SIGHUP"
  | "SIGINT"
  | "SIGTERM"
  | "error";

/**
 * What `--count` or `--until-empty` asked for was not reached when another rule ended the worker.
 */
export function expectationMissed(rules: StopRules, reason: StopReason): boolean {
  const ranOut = reason === "max-time" || reason === "idle-timeout" || reason === "stalled";
  return ranOut && (rules.count !== undefined || rules.untilEmpty);
}

/** Whether somebody outside wanted the worker to end. */
export function isSignal(reason: StopReason): boolean {
  return reason === "SIGHUP" || reason === "SIGINT" || reason === "SIGTERM";
}
