import assert from "node:assert/strict";
import type { Option } from "@commander-js/extra-typings";
import { brokerFlags } from "../../../src/cli/flags/broker_flags.ts";
import { DEAD_ACTIONS, deadFlags } from "../../../src/cli/flags/dead_flags.ts";
import { sendFlags } from "../../../src/cli/flags/send_flags.ts";
import { workFlags } from "../../../src/cli/flags/work_flags.ts";

const COMMANDS = { send: sendFlags, work: workFlags, broker: brokerFlags };

const options = new Map<string, readonly Option[]>([
  ...Object.entries(COMMANDS).map(([name, flags]) => [name, flags().options] as const),
  ...DEAD_ACTIONS.map((action) => [`dead ${action}`, deadFlags(action).options] as const),
]);

for (const [command, flags] of options) {
  Deno.test(`flags: every one of worktool ${command} stands in a group of its help`, () => {
    for (const { long, helpGroupHeading } of flags) {
      assert.match(helpGroupHeading ?? "", /^[A-Z][a-z ]+:$/, long);
    }
  });

  Deno.test(`flags: what worktool ${command} excludes are flags of its own`, () => {
    const names = flags.map((flag) => flag.attributeName());
    for (const flag of flags) {
      // Commander keeps them as plain strings, which no type checks.
      const { conflictsWith } = flag as unknown as { readonly conflictsWith: readonly string[] };
      for (const other of conflictsWith) assert.ok(names.includes(other), `${flag.long}: ${other}`);
    }
  });
}
