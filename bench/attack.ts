// deno-lint-ignore-file no-console -- it prints to the terminal
/** Attacks on the embedded broker, measured. Run by `deno task attack`; see README.md beside it. */
import { parseArgs } from "node:util";
import deno from "../deno.json" with { type: "json" };
import type { AttackContext, Outcome } from "./attack/attack.ts";
import { type Before, groupSection, type Tried } from "./attack/attack_table.ts";
import { ATTACKS } from "./attack/attacks.ts";
import { problemOf } from "./attack/problem.ts";
import { EXECUTABLE } from "./executable.ts";
import { describeMachine, loadAverage, noise } from "./machine.ts";
import { formatReport } from "./report.ts";
import { replaceResults } from "./results.ts";
import { revision } from "./revision.ts";
import { findInstalledRabbitMq } from "../tests/support/find_rabbitmq.ts";

const GROUPS = [...ATTACKS.keys()];
const NAMES = [...ATTACKS.values()].flat().map(({ name }) => name);
const HELP = `Usage: deno task attack [options]

  --only NAME        an attack or a group of them; repeatable
  --executable PATH  the broker to attack (default: dist/worktool)
  --no-rabbitmq      without RabbitMQ beside it
  --before FILE      an earlier --json, to show in a column
  --json             print one JSON object for each attack, and no table
  --write            also put the report into bench/README.md

Groups: ${GROUPS.join(", ")}
Attacks: ${NAMES.join(", ")}

RabbitMQ is a node of its own, started from WORKTOOL_TEST_RABBITMQ_SCRIPTS (default:
/usr/lib/rabbitmq/bin) for each attack.`;

/** What has not begun by then is left out, in milliseconds: the run ends within ten minutes. */
const LAST_START_MS = 9 * 60_000;

const FAILED = 1;
const USAGE = 64;
const INTERRUPTED = 130;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      executable: { type: "string", default: EXECUTABLE },
      "no-rabbitmq": { type: "boolean", default: false },
      before: { type: "string" },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const unknown = values.only.find((name) => !NAMES.includes(name) && !ATTACKS.has(name));
  if (unknown !== undefined) {
    console.error(`--only ${unknown}: one of ${[...GROUPS, ...NAMES].join(", ")}`);
    return USAGE;
  }
  const before = values.before === undefined ? new Map() : await readBefore(values.before);
  const [rabbitMq] = values["no-rabbitmq"] ? [] : await findInstalledRabbitMq();
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interruption.abort());
  }
  const context: AttackContext = {
    executable: values.executable,
    rabbitMq: rabbitMq?.scripts,
    stop: interruption.signal,
  };

  const date = new Date().toISOString();
  const load = loadAverage();
  const tried: Tried[] = [];
  for (const [group, attacks] of ATTACKS) {
    for (const attack of attacks) {
      const { only } = values;
      if (only.length > 0 && !only.includes(attack.name) && !only.includes(group)) continue;
      console.error(`Trying ${attack.name} …`);
      const late = performance.now() > LAST_START_MS;
      const outcome = late
        ? notMeasured("the time was up")
        : await attack.run(context).catch((error) => notMeasured(problemOf(error)));
      if (interruption.signal.aborted) return INTERRUPTED;
      tried.push({ group, name: attack.name, sentence: attack.sentence, ...outcome });
      if (values.json) console.log(JSON.stringify(tried.at(-1)));
    }
  }
  const report = formatReport({
    date,
    machine: describeMachine(),
    versions: [
      values.executable === EXECUTABLE
        ? `worktool ${deno.version} (${await revision() ?? "no commit"})`
        : values.executable,
      rabbitMq?.name ?? "no RabbitMQ",
      `deno ${Deno.version.deno}`,
    ],
    remarks: [
      ...[noise(load)].filter((remark) => remark !== undefined),
      ...(values.only.length > 0 ? [`Only ${values.only.join(", ")}`] : []),
    ],
    sections: GROUPS.flatMap((group) => groupSection(group, tried, before) ?? []),
  });
  if (!values.json) console.log(report);
  if (values.write) {
    await replaceResults(new URL("README.md", import.meta.url), report, "deno task attack --write");
  }
  return tried.every(({ met }) => met) ? 0 : FAILED;
}

/** An attack that could not be made is told as one that was not withstood. */
function notMeasured(why: string): Outcome {
  return { measured: `not measured: ${why}`, goal: "", met: false, figures: {} };
}

/** What an earlier run measured, by the attack's name. */
async function readBefore(file: string): Promise<Before> {
  const lines = (await Deno.readTextFile(file)).trim().split("\n");
  const tried = lines.map((line) => JSON.parse(line) as Tried);
  return new Map(tried.map(({ name, measured }) => [name, measured]));
}

Deno.exit(await main());
