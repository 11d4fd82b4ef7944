import assert from "node:assert/strict";
import type { Fault } from "../../../src/broker/faults/fault.ts";
import { FAULT_USAGES, parseFaults } from "../../../src/cli/values/faults.ts";

const times = Infinity;

const ACCEPTED: Readonly<Record<string, readonly Fault[]>> = {
  "nack-confirm:5%": [{ kind: "nack-confirm", chance: 0.05, times }],
  "nack-confirm:after=3:times=1": [{ kind: "nack-confirm", after: 3, times: 1 }],
  "redeliver:0.5%": [{ kind: "redeliver", chance: 0.005, times }],
  "cancel:times=2:after=10": [{ kind: "cancel", after: 10, times: 2 }],
  "close-channel:404:1%": [{ kind: "close-channel", code: 404, chance: 0.01, times }],
  "close-channel:after=3": [{ kind: "close-channel", code: 406, after: 3, times }],
  "close-connection:541:100%": [{ kind: "close-connection", code: 541, chance: 1, times }],
  "close-connection:after=100": [{ kind: "close-connection", code: 320, after: 100, times }],
  "delay:50ms..2s": [{ kind: "delay", minMs: 50, maxMs: 2_000 }],
  "delay:0..1s": [{ kind: "delay", minMs: 0, maxMs: 1_000 }],
  "delay:1s": [{ kind: "delay", minMs: 1_000, maxMs: 1_000 }],
  "blocked:after=1000:for=5s": [{ kind: "blocked", after: 1_000, forMs: 5_000 }],
  "full-disk": [{ kind: "full-disk" }],
  "full-disk:for=1m:after=5": [{ kind: "full-disk", after: 5, forMs: 60_000 }],
  "drop:2%,redeliver:after=1": [
    { kind: "drop", chance: 0.02, times },
    { kind: "redeliver", after: 1, times },
  ],
};

const REFUSED: Readonly<Record<string, RegExp>> = {
  "": /^There is no fault ''\. They are nack-confirm, redeliver, cancel, /,
  "nack:5%": /^There is no fault 'nack'\. Did you mean nack-confirm\?/,
  "redelver:5%": /Did you mean redeliver\?/,
  "toString:5%": /^There is no fault 'toString'\./,
  "drop:2%,": /^There is no fault ''/,
  drop: /^'drop' needs either 5% or after=10: drop:2%\.$/,
  "drop:5": /^'5' of 'drop:5': write 5% or after=5\.$/,
  "drop:0%": /^'0%' of 'drop:0%': more than 0 % and at most 100%\.$/,
  "drop:101%": /at most 100%/,
  "drop:x%": /at most 100%/,
  "drop:2%:after=3": /either 5% or after=10/,
  "drop:2%:3%": /^'drop:2%:3%' has a part '3%' too many\. Write drop:2%\.$/,
  "drop:afte=3": /^'drop:afte=3' has a part 'afte=3' too many\. Did you mean after\? /,
  "drop:after=0": /^'after=0' of 'drop:after=0': a number from 1\.$/,
  "drop:after=ten": /a number from 1/,
  "close-channel:409:1%": /^'409' of 'close-channel:409:1%': 403, 404, 405, 406\.$/,
  "close-connection:406:1%": /: 320, 501, 503, 504, 505, 530, 540, 541\.$/,
  delay: /^'delay' needs a time or two: delay:50ms\.\.2s\.$/,
  "delay:2s..1s": /^'2s\.\.1s' of 'delay:2s\.\.1s': the shorter time first\.$/,
  "delay:50..2s": /^'50' of 'delay:50\.\.2s': It has no unit: write 50s or 50ms\.$/,
  "blocked:after=5": /^'blocked:after=5' needs after=N and for=TIME: /,
  "blocked:after=5:for=0": /more than 0/,
  "full-disk:5%": /^'full-disk:5%' has a part '5%' too many\./,
};

for (const [text, faults] of Object.entries(ACCEPTED)) {
  Deno.test(`faults: ${text}`, () => assert.deepEqual(parseFaults(text), faults));
}

for (const [text, message] of Object.entries(REFUSED)) {
  Deno.test(`faults: '${text}' is refused`, () => {
    assert.throws(() => parseFaults(text), { name: "RangeError", message });
  });
}

Deno.test("faults: each usage can be written as it stands", () => {
  for (const usage of FAULT_USAGES) assert.ok(parseFaults(usage.replaceAll(" ", "")).length > 0);
});
