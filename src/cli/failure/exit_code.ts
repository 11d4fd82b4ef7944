import type { DeadSummary } from "../../dead_letters/dead_letter_event.ts";
import type { SendSummary } from "../../send/send_event.ts";
import type { WorkSummary } from "../../work/work_event.ts";
import { expectationMissed, isSignal, type StopRules } from "../../work/stop_rules.ts";

/** What worktool's exit status means; after `sysexits.h` where it has a number for it. */
export const ExitCode = {
  /** Done; also an orderly stop after the first signal. */
  ok: 0,
  /** Ran, but some task or check failed. */
  failed: 1,
  /** An expectation was not met in time. */
  expectationMissed: 2,
  usage: 64,
  /** The broker refused the data or the declaration. */
  refused: 65,
  /** Broker unreachable, or lost and not regained. */
  unavailable: 69,
  /** A bug in worktool. */
  bug: 70,
  /** Outcome unknown: a confirm is overdue, or the connection went before it. */
  unknown: 75,
  /** Credentials or permission refused. */
  noPermission: 77,
  /** Second signal, a SIGHUP: stopped at once. */
  hungUp: 129,
  /** Second signal, a SIGINT: stopped at once. */
  interrupted: 130,
  /** Second signal, a SIGTERM: stopped at once. */
  terminated: 143,
} as const;

export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/**
 * Told how a command ended: an {@linkcode ExitCode}, or the status of a command that it ran in its
 * own place.
 *
 * @param options.onlyShows a reader who stops reading (`| head -1`) has got what it wanted
 */
export type Exit = (code: number, options?: { readonly onlyShows: boolean }) => void;

/** For `--help`. */
export const EXIT_CODES_HELP = `
Exit codes:
  0    done; for work also an orderly stop after the first signal
  1    ran, but a task was returned, refused, not sent, given up or lost; or the
       command of work cannot be run, or the output cannot be written; or an
       experiment of lab came out otherwise than claimed; or a check failed
  2    --count or --until-empty was not reached in time; dead found no such
       task; wait found no such queue, or too few consumers; expect saw too few
       tasks; a condition of queue show did not hold
  64   usage
  65   the broker refused the data or the declaration
  69   broker unreachable, or lost
  70   a bug in worktool
  75   outcome unknown: tasks may be in the queue or not
  77   credentials or permission refused
  129, 130, 143  a second signal, SIGHUP, SIGINT or SIGTERM: stopped at once`;

/** @param failureCode what the failure alone would exit with, where there was one */
export function sendExitCode(summary: SendSummary, failureCode?: ExitCode): ExitCode {
  const { sent, returned, refused, unknown, complete } = summary;
  if (failureCode !== undefined) {
    const interrupted = failureCode === ExitCode.unavailable && sent > 0;
    const unsure = failureCode === ExitCode.failed && unknown > 0;
    return interrupted || unsure ? ExitCode.unknown : failureCode;
  }
  if (unknown > 0) return ExitCode.unknown;
  // A script that goes on after `send && …` must not believe that everything was sent.
  return returned + refused > 0 || !complete ? ExitCode.failed : ExitCode.ok;
}

/** @param failureCode what the failure alone would exit with, where there was one */
export function workExitCode(
  summary: WorkSummary,
  rules: StopRules,
  failureCode?: ExitCode,
): ExitCode {
  if (failureCode !== undefined) return failureCode;
  if (expectationMissed(rules, summary.reason)) return ExitCode.expectationMissed;
  if (summary.lost > 0) return ExitCode.failed;
  // A service that was told to stop did its work, whatever became of single tasks.
  return summary.dead + summary.rejected > 0 && !isSignal(summary.reason)
    ? ExitCode.failed
    : ExitCode.ok;
}

/**
 * @param options.expected whether some dead letter was asked for in particular
 * @param options.replay whether copies were published
 * @param failureCode what the failure alone would exit with, where there was one
 */
export function deadExitCode(
  summary: DeadSummary,
  { expected, replay }: { readonly expected: boolean; readonly replay: boolean },
  failureCode?: ExitCode,
): ExitCode {
  const { matched, replayed, returned, refused, kept, complete } = summary;
  if (failureCode !== undefined) {
    const unknown = replay && matched > replayed + returned + refused + kept;
    return failureCode === ExitCode.unavailable && unknown ? ExitCode.unknown : failureCode;
  }
  if (returned + refused + kept > 0 || !complete) return ExitCode.failed;
  return expected && matched === 0 ? ExitCode.expectationMissed : ExitCode.ok;
}
