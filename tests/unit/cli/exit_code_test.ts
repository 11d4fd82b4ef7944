import assert from "node:assert/strict";
import {
  deadExitCode,
  ExitCode,
  sendExitCode,
  workExitCode,
} from "../../../src/cli/failure/exit_code.ts";
import type { DeadSummary } from "../../../src/dead_letters/dead_letter_event.ts";
import type { SendSummary } from "../../../src/send/send_event.ts";
import type { WorkSummary } from "../../../src/work/work_event.ts";
import type { StopReason, StopRules } from "../../../src/work/stop_rules.ts";

const SENT: SendSummary = {
  sent: 3,
  confirmed: 3,
  returned: 0,
  refused: 0,
  unknown: 0,
  resent: 0,
  complete: true,
  elapsedMs: 1,
};

Deno.test("send exits with what its worst task says", () => {
  const table: [Partial<SendSummary>, ExitCode | undefined, ExitCode][] = [
    [{}, undefined, 0],
    [{ sent: 0, confirmed: 0 }, undefined, 0],
    [{ confirmed: 2, returned: 1 }, undefined, 1],
    [{ confirmed: 2, refused: 1 }, undefined, 1],
    [{ complete: false }, undefined, 1],
    [{ confirmed: 1, returned: 1, unknown: 1 }, undefined, 75],
    [{ confirmed: 2, unknown: 1 }, ExitCode.unavailable, 75],
    [{ complete: false }, ExitCode.unavailable, 75],
    [{ sent: 0, confirmed: 0, complete: false }, ExitCode.unavailable, 69],
    [{ sent: 0, confirmed: 0, complete: false }, ExitCode.noPermission, 77],
    [{ confirmed: 2, unknown: 1 }, ExitCode.refused, 65],
    [{ confirmed: 3 }, ExitCode.failed, 1],
    [{ confirmed: 2, unknown: 1 }, ExitCode.failed, 75],
  ];
  for (const [change, failure, expected] of table) {
    assert.equal(sendExitCode({ ...SENT, ...change }, failure), expected, JSON.stringify(change));
  }
});

Deno.test("work exits with 2 when what was asked for was not reached in time", () => {
  const table: [StopReason, Partial<StopRules>, ExitCode][] = [
    ["count", { count: 1 }, 0],
    ["empty", { untilEmpty: true }, 0],
    ["idle-timeout", {}, 0],
    ["idle-timeout", { count: 1 }, 2],
    ["idle-timeout", { untilEmpty: true }, 2],
    ["stalled", { count: 3 }, 2],
    ["max-time", {}, 0],
    ["max-time", { count: 1 }, 2],
    ["SIGTERM", { count: 1 }, 0],
    ["SIGINT", { untilEmpty: true }, 0],
  ];
  for (const [reason, rules, expected] of table) {
    const summary = { reason } as WorkSummary;
    const code = workExitCode(summary, { untilEmpty: false, ...rules });
    assert.equal(code, expected, `${reason} ${JSON.stringify(rules)}`);
  }
  const lossy = { reason: "count", lost: 1 } as WorkSummary;
  assert.equal(workExitCode(lossy, { untilEmpty: false, count: 1 }), 1);
  const failed = { reason: "error" } as WorkSummary;
  assert.equal(workExitCode(failed, { untilEmpty: false }, ExitCode.unavailable), 69);
});

Deno.test("dead exits with what it left undone", () => {
  const all = { matched: 3, replayed: 3, returned: 0, refused: 0, kept: 0, complete: true };
  const asked = { expected: true, replay: true };
  const table: [Partial<DeadSummary>, typeof asked, ExitCode | undefined, ExitCode][] = [
    [{}, asked, undefined, 0],
    [{ matched: 0, replayed: 0 }, asked, undefined, 2],
    [{ matched: 0, replayed: 0 }, { ...asked, expected: false }, undefined, 0],
    [{ replayed: 2, returned: 1 }, asked, undefined, 1],
    [{ replayed: 2, refused: 1 }, asked, undefined, 1],
    [{ complete: false }, asked, undefined, 1],
    [{ complete: false }, asked, ExitCode.unavailable, 69],
    [{ replayed: 2, complete: false }, asked, ExitCode.unavailable, 75],
    [{ replayed: 0, complete: false }, { ...asked, replay: false }, ExitCode.unavailable, 69],
    [{ replayed: 2, complete: false }, asked, ExitCode.noPermission, 77],
  ];
  for (const [change, wanted, failure, expected] of table) {
    const summary = { ...all, ...change } as DeadSummary;
    assert.equal(deadExitCode(summary, wanted, failure), expected, JSON.stringify(change));
  }
});
