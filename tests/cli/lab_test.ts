/** `worktool lab`: experiments on every broker, recordings that are drawn again, mistakes. */
import assert from "node:assert/strict";
import { connect } from "amqplib";
import { brokerList } from "../support/broker_list.ts";
import { brokerTest } from "../support/brokers.ts";
import { eventually } from "../support/deadline.ts";
import { Worktool } from "../support/worktool.ts";

interface ExperimentObject {
  readonly event: string;
  readonly name: string;
  readonly verdict: string;
  readonly because: string;
  readonly variants: readonly { readonly name: string; readonly commands: readonly string[] }[];
  readonly tables: readonly { readonly columns: readonly string[]; readonly rows: string[][] }[];
}

function objects(stdout: string): ExperimentObject[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

Deno.test("lab: without a name it lists the experiments", async () => {
  const { code, stdout } = await Worktool.run(["lab"]);
  assert.equal(code, 0);
  assert.match(stdout, /^round-robin +Round-robin dispatching$/m);
  assert.match(stdout, /^fair-dispatch +Fair dispatch$/m);
});

Deno.test("lab --json: the list has the fields that docs/events.md tells of", async () => {
  const { code, stdout } = await Worktool.run(["lab", "--json"]);
  assert.equal(code, 0);
  const docs = await Deno.readTextFile(new URL("../../docs/events.md", import.meta.url));
  const [, fields] = /^\| `listed` +\|[^|]*\|([^|]*)\|$/m.exec(docs)!;
  const documented = [...fields!.matchAll(/`(\w+)`/g)].map(([, field]) => field);
  const listed = objects(stdout);
  assert.ok(listed.some(({ name }) => name === "fair-dispatch"));
  for (const { event, ...others } of listed) {
    assert.equal(event, "listed");
    assert.deepEqual(Object.keys(others), ["at", ...documented]);
  }
});

brokerTest("lab round-robin: the tutorial's listing, and no queue is left", async (broker) => {
  const { code, stdout, stderr } = await Worktool.run([
    ...["lab", "round-robin", "--url", broker.url, "--dot", "20ms", "--json"],
  ]);
  assert.equal(code, 0, stderr);
  const [report] = objects(stdout);
  assert.equal(report!.verdict, "as the tutorial says");
  assert.deepEqual(report!.tables[0]!.rows.slice(0, 2), [
    ["C1 of 2 workers", "First message. Third message... Fifth message....."],
    ["C2 of 2 workers", "Second message.. Fourth message...."],
  ]);
  const commands = report!.variants.flatMap(({ commands }) => commands);
  const queues = new Set(commands.map((command) => /--queue (\S+)/.exec(command)![1]!));
  assert.equal(queues.size, 2);
  for (const queue of queues) assert.equal(await exists(broker.url, queue), false, queue);
});

async function exists(url: string, queue: string): Promise<boolean> {
  const connection = await connect(url);
  connection.on("error", () => {});
  const channel = await connection.createChannel();
  channel.on("error", () => {});
  try {
    await channel.checkQueue(queue);
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === 404) return false;
    throw error;
  } finally {
    await connection.close();
  }
}

brokerTest(
  "lab acknowledgment: what is lost by --ack, with the numbers of the tasks",
  async (broker) => {
    const { code, stdout, stderr } = await Worktool.run([
      ...["lab", "acknowledgment", "--url", broker.url, "--dot", "50ms", "--json"],
    ]);
    assert.equal(code, 0, stderr);
    const [{ tables: [table] }] = objects(stdout) as [ExperimentObject];
    assert.deepEqual(table!.rows.map(([variant, done, lost]) => [variant, done, lost]), [
      ["--ack manual", "4 of 4", "none"],
      ["--ack auto", "2 of 4", "1, 3"],
      ["--ack early", "3 of 4", "1"],
    ]);
  },
);

Deno.test("lab: without --url it brings its own broker, and behaves as --like says", async () => {
  const { code, stdout } = await Worktool.run([
    ...["lab", "redeclare", "--like", "3.10"],
  ], { env: { AMQP_URL: "amqp://nobody:nothing@127.0.0.1:1/" } });
  assert.equal(code, 0);
  assert.match(stdout, /As the tutorial says/);
});

Deno.test("lab: a recording that is drawn again is the same picture", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/fair.ndjson`;
    const run = await Worktool.run(["lab", "round-robin", "--dot", "20ms", "--record", file]);
    assert.equal(run.code, 0, run.stderr);
    const svg = `${directory}/fair.svg`;
    const drawn = await Worktool.run(["lab", "draw", file, "--svg", svg]);
    assert.equal(drawn.code, 0, drawn.stderr);
    /** The lanes and curves, without the tables below them. */
    const lanes = (text: string) =>
      text.split("What became")[0]!.split("\n")
        .filter((line) => /^(C\d|ready|unacked| {8})/.test(line));
    assert.ok(lanes(drawn.stdout).length >= 10);
    for (const lane of lanes(drawn.stdout)) assert.ok(run.stdout.includes(lane), lane);
    assert.match(drawn.stdout, /^2 workers +5 of 5 +none/m);
    assert.match(await Deno.readTextFile(svg), /^<svg .*class="wl-picture"/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("lab: the variants of --repeat take turns, and a difference has its interval", async () => {
  const { code, stdout } = await Worktool.run([
    ...["lab", "fair-dispatch", "--tasks", "4", "--dot", "20ms", "--repeat", "3", "--json"],
  ]);
  assert.equal(code, 0);
  assert.match(objects(stdout)[0]!.because, /95 % interval/);
});

Deno.test("lab: SIGINT ends it in order, and says that it did not come to its end", async () => {
  await using lab = Worktool.start(["lab", "fair-dispatch", "--dot", "5s"]);
  await lab.line(/Fair dispatch/);
  lab.kill("SIGINT");
  const { code, stderr } = await lab.exited;
  assert.equal(code, 1);
  assert.match(stderr, /stopped during fair-dispatch/);
});

brokerTest("lab: a broker that did not restart proves nothing", async (broker) => {
  const exit = await Worktool.run([
    ...["lab", "durability", "--url", broker.url, "--restart-command", "true"],
  ]);
  assert.equal(exit.code, 1);
  assert.match(exit.stderr, /the broker was not restarted: connections from before it are still/);
});

brokerTest("lab: what cannot be run this way was asked for in vain", async (broker) => {
  const exit = await Worktool.run(["lab", "durability", "--url", broker.url]);
  assert.equal(exit.code, 2);
  assert.match(exit.stdout, /Not run: it restarts the broker/);
});

Deno.test("lab: kill -9 of the lab leaves no broker and no worker behind", async () => {
  await using lab = Worktool.start(["lab", "fair-dispatch", "--dot", "5s"]);
  await lab.line(/Fair dispatch/);
  const children = await watchedChildren(lab, "a broker and two workers", 3);
  lab.kill("SIGKILL");
  await lab.exited;
  const { args } = children.find(({ args }) => args.includes("--data"))!;
  await eventually(
    "all of them, and the broker's directory, to go",
    async () => await areGone(children) && !await isThere(args[args.indexOf("--data") + 1]!),
  );
});

brokerTest("lab: kill -9 of the lab leaves no worker on a given broker", async (broker) => {
  await using lab = Worktool.start(["lab", "fair-dispatch", "--dot", "5s", "--url", broker.url]);
  await lab.line(/Fair dispatch/);
  const children = await watchedChildren(lab, "two workers", 2);
  lab.kill("SIGKILL");
  await lab.exited;
  await eventually("them to go", () => areGone(children));
  const { args } = children.find(({ args }) => args.includes("--queue"))!;
  await broker.deleteQueue(args[args.indexOf("--queue") + 1]!); // README.md tells of it
});

interface Child {
  readonly pid: number;
  readonly args: readonly string[];
}

/** All that the lab has started, when there are so many and each is watched over. */
async function watchedChildren(lab: Worktool, what: string, many: number): Promise<Child[]> {
  let children: Child[] = [];
  await eventually(`${what}, and who watches over them`, async () => {
    children = await childrenOf(lab.pid);
    return children.filter(({ args }) => args.includes("worktool-process-guard")).length === many &&
      children.some(({ args }) => args.includes("C2"));
  });
  return children;
}

async function areGone(children: readonly Child[]): Promise<boolean> {
  const there = await Promise.all(children.map(({ pid }) => isThere(`/proc/${pid}`)));
  return !there.includes(true);
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Processes that a process has started, with their command lines. */
async function childrenOf(pid: number): Promise<Child[]> {
  const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  const pids = children.trim().split(" ").filter((text) => text !== "").map(Number);
  return await Promise.all(pids.map(async (child) => {
    const line = await Deno.readTextFile(`/proc/${child}/cmdline`).catch(() => "");
    return { pid: child, args: line.split("\0") };
  }));
}

Deno.test("lab releases: two brokers side by side, by --url twice", async () => {
  const [first, second] = brokerList.shared;
  if (first === undefined) return;
  const urls = ["--url", first.url, "--url", (second ?? first).url];
  const { code, stdout, stderr } = await Worktool.run(["lab", "releases", ...urls, "--json"]);
  assert.equal(code, 0, stderr);
  const [report] = objects(stdout);
  const isOld = ({ release }: { release: string }) => release.startsWith("3");
  const differ = isOld(first) !== isOld(second ?? first);
  assert.equal(report!.verdict, differ ? "as claimed" : "not shown");
  assert.equal(report!.tables[0]!.rows.length, 2);
});

for (
  const [args, code, message] of [
    [["nonsense"], 64, /no experiment 'nonsense': round-robin, /],
    [["draw"], 64, /draw what\?/],
    [["draw", "/nowhere"], 1, /cannot draw \/nowhere: ENOENT/],
    [["draw", "/proc/self/status"], 1, /cannot draw .*: line 1 is no JSON object/],
    [["round-robin", "--restart-command", "true"], 64, /goes with one --url/],
    [["round-robin", "--url", "http://x"], 64, /--url/],
    [["round-robin", "--url", "amqp://127.0.0.1:1/"], 69, /no broker answers/],
    [["round-robin", "--tasks", "1"], 64, /--tasks/],
    [["round-robin", "--html", "/nowhere/x.html"], 1, /cannot write \/nowhere\/x\.html: ENOENT/],
    [
      ["round-robin", "--record", "/dev/full", "--dot", "10ms"],
      1,
      /cannot write \/dev\/full: ENOSPC/,
    ],
    [["all", "--svg", "x.svg"], 64, /--svg is one picture/],
    [["redeclare", "--svg", "x.svg"], 64, /nothing to draw of redeclare/],
    [["round-robin", "--tasks", "7"], 64, /the tasks of round-robin are fixed/],
    [["all", "round-robin"], 64, /takes no other name/],
    [["draw", "x", "--html", "x.html"], 64, /--html is for a run: draw .* takes --svg alone/],
    [["draw", "x", "--repeat", "1"], 64, /--repeat is for a run/],
    [["draw", "x", "--like", "4.0"], 64, /--like is for a run/],
    [["--tasks", "7"], 64, /--tasks goes with an experiment/],
    [
      ["round-robin", "--url", "amqp://127.0.0.1:1/", "--url", "amqp://127.0.0.1:2/"],
      64,
      /twice is for releases/,
    ],
    [["round-robin", "--like", "3.10", "--url", "amqp://127.0.0.1:1/"], 64, /cannot be used with/],
  ] as const
) {
  Deno.test(`lab ${args.join(" ")}: exit code ${code}`, async () => {
    const exit = await Worktool.run(["lab", ...args]);
    assert.equal(exit.code, code, exit.stderr);
    assert.match(exit.stderr, message);
  });
}
