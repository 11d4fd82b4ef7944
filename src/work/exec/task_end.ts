import { exactDuration } from "../../retry/exact_duration.ts";
import type { Failure } from "../../retry/failure.ts";
import type { Outcome } from "../outcome.ts";
import { actionFor, type ExitAction, type ExitRules } from "./exit_rules.ts";

/** How a process ended. */
export type ProcessEnd =
  | { readonly kind: "exited"; readonly exitStatus: number }
  /** For example "SIGSEGV". */
  | { readonly kind: "signalled"; readonly signal: string };

/** How the work of one task ended. */
export type TaskEnd =
  | ProcessEnd
  /** worktool ended it. */
  | { readonly kind: "timedOut"; readonly timeoutMs: number; readonly process: ProcessEnd }
  /** It never started. */
  | SpawnFailure;

/** Why a command could not be started. */
export type SpawnFailure =
  /** Whatever the task: counts as the exit status that a shell would tell. */
  | { readonly kind: "cannotRun"; readonly exitStatus: 126 | 127; readonly reason: string }
  /** Because of this task's body or properties: no attempt will ever help. */
  | { readonly kind: "unfit"; readonly reason: string }
  /** The machine has no process, memory or descriptor left for now. */
  | { readonly kind: "exhausted"; readonly reason: string };

/** What becomes of a task whose work ended so. `stderr` is the end of what it wrote there. */
export function outcomeOf(rules: ExitRules, end: TaskEnd, stderr?: string): Outcome {
  const action = actionOf(rules, end);
  if (action === "ack") return { kind: "done" };
  return { kind: action, failure: { ...failureOf(end), ...(stderr ? { stderr } : {}) } };
}

function actionOf(rules: ExitRules, end: TaskEnd): ExitAction {
  switch (end.kind) {
    case "exited":
    case "cannotRun":
      return actionFor(rules, end.exitStatus);
    case "signalled":
      return rules.signal;
    case "timedOut":
      return rules.timeout;
    case "unfit":
      return "dead";
    case "exhausted":
      return "retry";
  }
}

function failureOf(end: TaskEnd): Failure {
  switch (end.kind) {
    case "exited":
      return { reason: `exit status ${end.exitStatus}`, exitStatus: end.exitStatus };
    case "signalled":
      return { reason: `signal ${end.signal}`, signal: end.signal };
    case "timedOut":
      return { ...failureOf(end.process), reason: `timeout after ${exactDuration(end.timeoutMs)}` };
    case "cannotRun":
      return { reason: end.reason, exitStatus: end.exitStatus };
    case "unfit":
    case "exhausted":
      return { reason: end.reason };
  }
}

/**
 * Why a command did not start, from the error of the runtime.
 *
 * @param code of the error, as in errno.h: "ENOENT"
 * @param exists whether there is such a file
 */
export function spawnFailure(
  file: string,
  code: string,
  { exists }: { readonly exists: boolean },
): SpawnFailure {
  switch (code) {
    case "ENOENT":
      if (exists) {
        const reason = `cannot execute ${file}: the interpreter in its #! line is missing`;
        return { kind: "cannotRun", exitStatus: 127, reason };
      }
      return { kind: "cannotRun", exitStatus: 127, reason: `no such command: ${file}` };
    case "E2BIG":
      return {
        kind: "unfit",
        reason: "the task is too large for an argument or the environment: " +
          "use --body stdin or file, without {}",
      };
    case "EAGAIN":
    case "ENOMEM":
    case "EMFILE":
    case "ENFILE":
    case "ETXTBSY": // being written by a deployment
      return { kind: "exhausted", reason: `cannot start ${file}: ${code}` };
    case "ENOEXEC":
      return {
        kind: "cannotRun",
        exitStatus: 126,
        reason: `cannot execute ${file}: ENOEXEC, it is no program and has no #! line`,
      };
    default: // EACCES, EISDIR, ENOTDIR, ELOOP …
      return { kind: "cannotRun", exitStatus: 126, reason: `cannot execute ${file}: ${code}` };
  }
}
