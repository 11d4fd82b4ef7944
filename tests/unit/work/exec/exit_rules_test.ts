import assert from "node:assert/strict";
import fc from "fast-check";
import {
  actionFor,
  DEFAULT_EXIT_RULES,
  type ExitAction,
  parseExitRules,
} from "../../../../src/work/exec/exit_rules.ts";
import { outcomeOf, spawnFailure, type TaskEnd } from "../../../../src/work/exec/task_end.ts";
import { holds } from "../../../support/property.ts";

const ACTIONS: ExitAction[] = ["ack", "retry", "dead", "reject", "stop"];

Deno.test("the default rules: success, bad data, cannot be run, and everything else again", () => {
  const table: [number, ExitAction][] = [
    [0, "ack"],
    [1, "retry"],
    [65, "dead"],
    [75, "retry"],
    [126, "stop"],
    [127, "stop"],
    [255, "retry"],
  ];
  for (const [status, action] of table) assert.equal(actionFor(DEFAULT_EXIT_RULES, status), action);
});

Deno.test("rules given change single entries", () => {
  const rules = parseExitRules("3=reject, 64-66 = retry ,*=dead,timeout=dead");
  const table: [number, ExitAction][] = [
    [0, "ack"],
    [3, "reject"],
    [4, "dead"],
    [64, "retry"],
    [65, "retry"],
    [66, "retry"],
    [67, "dead"],
    [127, "stop"],
  ];
  for (const [status, action] of table) assert.equal(actionFor(rules, status), action, `${status}`);
  assert.equal(rules.timeout, "dead");
  assert.equal(rules.signal, "retry");
});

Deno.test("any set of rules means what it says, and nothing else", async () => {
  const key = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom("*", "signal", "timeout"));
  const given = fc.dictionary(key.map(String), fc.constantFrom(...ACTIONS), { minKeys: 1 });
  await holds(fc.property(given, (rules) => {
    const parsed = parseExitRules(Object.entries(rules).map((pair) => pair.join("=")).join(","));
    for (let status = 0; status <= 255; status++) {
      const expected = rules[status] ?? DEFAULT_EXIT_RULES.statuses.get(status) ?? rules["*"] ??
        "retry";
      assert.equal(actionFor(parsed, status), expected);
    }
    assert.equal(parsed.signal, rules["signal"] ?? "retry");
    assert.equal(parsed.timeout, rules["timeout"] ?? "retry");
  }));
});

Deno.test("a range is the same as its statuses one by one", async () => {
  await holds(fc.property(fc.nat(255), fc.nat(255), (a, b) => {
    const [first, last] = a < b ? [a, b] : [b, a];
    const single = Array.from({ length: last - first + 1 }, (_, i) => `${first + i}=reject`);
    assert.deepEqual(parseExitRules(`${first}-${last}=reject`), parseExitRules(single.join(",")));
  }));
});

Deno.test("rules that cannot be meant are refused by name", () => {
  const table: [string, RegExp][] = [
    ["", /^'': write status=action/],
    ["0=ack,", /^'': write status=action/],
    ["75", /^'75': write status=action/],
    ["75=", /^'75=': the action must be one of ack, retry, dead, reject, stop\.$/],
    ["75=Retry", /'75=Retry': the action/],
    ["256=ack", /^'256' is no exit status: write 0 to 255/],
    ["-1=ack", /'-1' is no exit status/],
    ["1-=ack", /'1-' is no exit status/],
    ["70-64=ack", /'70-64' is no exit status/],
    ["200-256=ack", /'200-256' is no exit status/],
    ["SIGKILL=ack", /'SIGKILL' is no exit status/],
    ["1=ack,1=dead", /^'1=dead': 1 has a rule already\.$/],
    ["0=ack,0-3=dead", /^'0-3=dead': 0 has a rule already\.$/],
    ["*=ack,*=dead", /^'\*=dead': \* has a rule already\.$/],
    ["signal=ack,signal=ack", /signal has a rule already/],
  ];
  for (const [text, message] of table) {
    assert.throws(() => parseExitRules(text), { name: "RangeError", message }, text);
  }
});

Deno.test("any text gives rules or a RangeError", async () => {
  await holds(fc.property(fc.string(), (text) => {
    try {
      parseExitRules(text);
    } catch (error) {
      assert.ok(error instanceof RangeError);
    }
  }));
});

Deno.test("every end has an outcome that says why", () => {
  const rules = parseExitRules("3=reject");
  const table: [TaskEnd, ReturnType<typeof outcomeOf>][] = [
    [{ kind: "exited", exitStatus: 0 }, { kind: "done" }],
    [
      { kind: "exited", exitStatus: 3 },
      { kind: "reject", failure: { reason: "exit status 3", exitStatus: 3, stderr: "no" } },
    ],
    [
      { kind: "signalled", signal: "SIGSEGV" },
      { kind: "retry", failure: { reason: "signal SIGSEGV", signal: "SIGSEGV", stderr: "no" } },
    ],
    [
      { kind: "timedOut", timeoutMs: 5_000, process: { kind: "signalled", signal: "SIGKILL" } },
      { kind: "retry", failure: { reason: "timeout after 5s", signal: "SIGKILL", stderr: "no" } },
    ],
    [
      { kind: "timedOut", timeoutMs: 250, process: { kind: "exited", exitStatus: 0 } },
      { kind: "retry", failure: { reason: "timeout after 250ms", exitStatus: 0, stderr: "no" } },
    ],
    [
      { kind: "timedOut", timeoutMs: 120_000, process: { kind: "exited", exitStatus: 0 } },
      { kind: "retry", failure: { reason: "timeout after 2m", exitStatus: 0, stderr: "no" } },
    ],
    [
      { kind: "unfit", reason: "why" },
      { kind: "dead", failure: { reason: "why", stderr: "no" } },
    ],
  ];
  for (const [end, outcome] of table) assert.deepEqual(outcomeOf(rules, end, "no"), outcome);
});

Deno.test("a command that cannot be started counts as the shell tells it", () => {
  const NO_PROGRAM = "cannot execute ./it: ENOEXEC, it is no program and has no #! line";
  const NO_INTERPRETER = "cannot execute ./it: the interpreter in its #! line is missing";
  const table: [string, object][] = [
    ["ENOENT", { kind: "cannotRun", exitStatus: 127, reason: "no such command: ./it" }],
    ["EACCES", { kind: "cannotRun", exitStatus: 126, reason: "cannot execute ./it: EACCES" }],
    ["ENOEXEC", { kind: "cannotRun", exitStatus: 126, reason: NO_PROGRAM }],
    ["EAGAIN", { kind: "exhausted", reason: "cannot start ./it: EAGAIN" }],
  ];
  const missing = { exists: false };
  for (const [code, failure] of table) {
    assert.deepEqual(spawnFailure("./it", code, missing), failure);
  }
  assert.deepEqual(
    spawnFailure("./it", "ENOENT", { exists: true }),
    { kind: "cannotRun", exitStatus: 127, reason: NO_INTERPRETER },
  );
  assert.equal(spawnFailure("./it", "E2BIG", missing).kind, "unfit");
});
