/** The whole lab: every experiment comes to the same verdict, whatever the broker. */
import assert from "node:assert/strict";
import { brokerList, RELEASES } from "../support/broker_list.ts";
import { eventually } from "../support/deadline.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";
import { Worktool } from "../support/worktool.ts";

const TUTORIAL = "as the tutorial says";
const VERDICTS: Readonly<Record<string, string>> = {
  "round-robin": TUTORIAL,
  "acknowledgment": TUTORIAL,
  "forgotten-ack": TUTORIAL,
  "durability": TUTORIAL,
  "confirms": TUTORIAL,
  "fair-dispatch": TUTORIAL,
  "queue-size": TUTORIAL,
  "redeclare": TUTORIAL,
  "consumer-timeout": TUTORIAL,
  "price": "as claimed",
  "releases": "as claimed",
};
/** What a given RabbitMQ cannot show: two releases, and before 4.3 a timeout of a second. */
const OF_RABBITMQ = { "releases": "not-run" };
const BEFORE_4_3 = { "consumer-timeout": "not shown" };

/** Some restart the broker again and again, which takes a busy machine a minute and more. */
const LAB_MS = 600_000;

async function verdicts(
  flags: readonly string[],
  names: readonly string[] = Object.keys(VERDICTS),
): Promise<Record<string, string>> {
  const which = names.length === Object.keys(VERDICTS).length ? ["all"] : names;
  await using lab = Worktool.start(["lab", ...which, "--dot", "100ms", "--json", ...flags]);
  const told = () => lab.lines(/^{"event":/).length;
  const awaited = () => `the lab to end, after ${told()} of ${names.length} experiments`;
  await eventually(awaited, () => told() === names.length, LAB_MS);
  const { code, stdout, stderr } = await lab.exited;
  assert.equal(code, 0, stderr + stdout);
  const reports = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  return Object.fromEntries(
    reports.map(({ event, name, verdict }) => [name, event === "not-run" ? event : verdict]),
  );
}

/** Releases have their own brokers, and what one release costs the others cost. */
const OF_ANY_RELEASE = ["price", "releases"];

for (const release of RELEASES) {
  Deno.test(`lab all: the lab's own broker, as RabbitMQ ${release}`, async () => {
    const names = Object.keys(VERDICTS)
      .filter((name) => release === RELEASES.at(-1) || !OF_ANY_RELEASE.includes(name));
    const expected = Object.fromEntries(names.map((name) => [name, VERDICTS[name]]));
    assert.deepEqual(await verdicts(["--like", release], names), expected);
  });
}

for (const { name, release, scripts } of brokerList.rabbitMqs) {
  Deno.test(`lab all: the same verdicts [${name}]`, async () => {
    await using node = await PrivateRabbitMq.start({ scripts });
    const told = await verdicts(["--url", node.url, "--restart-command", node.restartCommand]);
    const older = release === "4.3" ? {} : BEFORE_4_3;
    assert.deepEqual(told, { ...VERDICTS, ...OF_RABBITMQ, ...older });
    assert.equal(await node.ctl("list_queues", "name"), "", "queues are left");
  });
}
