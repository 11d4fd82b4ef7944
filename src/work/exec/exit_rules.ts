/** What becomes of a task, by how its command ended. `ack` is success whatever the status. */
export type ExitAction = "ack" | "retry" | "dead" | "reject" | "stop";

/** Which action follows which end of a command. */
export interface ExitRules {
  /** By exit status, 0 to 255. */
  readonly statuses: ReadonlyMap<number, ExitAction>;
  /** Any other exit status (`*`). */
  readonly otherStatus: ExitAction;
  /** Ended by a signal that worktool did not send. */
  readonly signal: ExitAction;
  /** Ended by worktool because it took longer than `--timeout`. */
  readonly timeout: ExitAction;
}

const ACTIONS: readonly string[] = [
  "ack",
  "retry",
  "dead",
  "reject",
  "stop",
] satisfies ExitAction[];

/**
 * `0=ack,65=dead,126=stop,127=stop,*=retry,signal=retry,timeout=retry`.
 *
 * 65 is EX_DATAERR of sysexits.h: no attempt will ever help. 126 and 127 are the shell's "cannot
 * be executed" and "not found": no task can be worked on.
 */
export const DEFAULT_EXIT_RULES: ExitRules = {
  statuses: new Map([[0, "ack"], [65, "dead"], [126, "stop"], [127, "stop"]]),
  otherStatus: "retry",
  signal: "retry",
  timeout: "retry",
};

/**
 * Reads `0=ack,3=reject,64-78=dead,*=retry,signal=dead,timeout=dead`: changes to the default rules,
 * each of a status (0 to 255), a range of them, `*` (a status without a rule), `signal` or
 * `timeout`.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseExitRules(text: string): ExitRules {
  const statuses = new Map<number, ExitAction>();
  const named = new Map<string, ExitAction>();
  for (const rule of text.split(",").map((part) => part.trim())) {
    const { key, action } = parseRule(rule);
    const numbers = statusesOf(key);
    const taken = numbers ? numbers.find((status) => statuses.has(status)) : named.get(key) && key;
    if (taken !== undefined) throw new RangeError(`'${rule}': ${taken} has a rule already.`);
    if (numbers) { for (const status of numbers) statuses.set(status, action); }
    else named.set(key, action);
  }
  return {
    statuses: new Map([...DEFAULT_EXIT_RULES.statuses, ...statuses]),
    otherStatus: named.get("*") ?? DEFAULT_EXIT_RULES.otherStatus,
    signal: named.get("signal") ?? DEFAULT_EXIT_RULES.signal,
    timeout: named.get("timeout") ?? DEFAULT_EXIT_RULES.timeout,
  };
}

/** The action for an exit status. */
export function actionFor(rules: ExitRules, exitStatus: number): ExitAction {
  return rules.statuses.get(exitStatus) ?? rules.otherStatus;
}

function parseRule(rule: string): { readonly key: string; readonly action: ExitAction } {
  const [, key, action] = /^([^=]*?)\s*=\s*(.*)$/.exec(rule) ?? [];
  if (key === undefined || action === undefined) {
    throw new RangeError(`'${rule}': write status=action, for example 75=retry.`);
  }
  if (!ACTIONS.includes(action)) {
    throw new RangeError(`'${rule}': the action must be one of ${ACTIONS.join(", ")}.`);
  }
  return { key, action: action as ExitAction };
}

/** The statuses of `75` or `64-78`; undefined for the keys that are words. */
function statusesOf(key: string): number[] | undefined {
  if (key === "*" || key === "signal" || key === "timeout") return undefined;
  const [, first, last = first] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(key) ?? [];
  if (first === undefined || Number(last) > 255 || Number(first) > Number(last)) {
    throw new RangeError(
      `'${key}' is no exit status: write 0 to 255, a range such as 64-78, *, signal or timeout.`,
    );
  }
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
}
