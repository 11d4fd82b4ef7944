// deno-lint-ignore-file no-console -- it prints to the terminal
/** Nodes of a cluster crash and are cut off while tasks are sent and done: none may be lost. */
import assert from "node:assert/strict";
import { brokerList, isSince } from "../support/broker_list.ts";
import { within } from "../support/deadline.ts";
import { Gate } from "../support/gate.ts";
import { RabbitMqCluster } from "../support/rabbitmq_cluster.ts";
import { events, Worktool } from "../support/worktool.ts";
import { clusterStorm } from "./cluster_storm.ts";
import { TaskFeed } from "./task_feed.ts";
import { Queues } from "./worker_queues.ts";
import { Trace } from "./worker_trace.ts";

/** More of them by hand: each takes about a minute. */
const ROUNDS = Number(Deno.env.get("WORKTOOL_CHAOS_ROUNDS") ?? 1);
const WORKERS = 3;
const SENTENCE = "a cluster of three nodes";

const rabbitMq = brokerList.rabbitMqs.find(({ release }) => isSince(release, "4.3"));

if (!rabbitMq) Deno.test.ignore(`${SENTENCE} [no RabbitMQ 4.3 to start]`, () => {});
else {
  Deno.test(`${SENTENCE} [${rabbitMq.name}]`, async (t) => {
    await using cluster = await RabbitMqCluster.start({ scripts: rabbitMq.scripts, size: 3 });
    await t.step("killed and cut off: every confirmed task is done", () => outlives(cluster));
    await t.step(
      "--until-empty does not believe a node that is cut off",
      () => waitsForTheOthers(cluster),
    );
  });
}

async function outlives(cluster: RabbitMqCluster): Promise<void> {
  const startedAtMs = performance.now();
  await using trace = await Trace.create();
  const feed = new TaskFeed(() => trace.count());
  const queue = "storm.cluster";
  const storm = await clusterStorm(cluster, {
    ...{ queue, workers: WORKERS, rounds: ROUNDS, feed, trace },
  });

  const { code, stderr } = storm.sender;
  assert.equal(code, 0, stderr);
  const sent = events(storm.sender).at(-1)!;
  assert.deepEqual([sent.sent, sent.confirmed, sent.unknown], [feed.count, feed.count, 0]);
  const runs = await trace.runs();
  const done = new Set(runs.map(({ task }) => task));
  const confirmed = events(storm.sender, "sent").map(({ body }) => Number(body));
  assert.deepEqual(confirmed.filter((task) => !done.has(task)), []);
  const ends = storm.workers.map((exit) => events(exit).at(-1)!);
  assert.deepEqual(storm.workers.map(({ code }) => code), ends.map(() => 0));
  const sum = (name: string) => ends.reduce((total, end) => total + end[name], 0);
  assert.equal(runs.length, sum("done") + sum("unsettled"), JSON.stringify(ends));

  const queues = new Queues(cluster.nodes[0]!.url, queue, { minMs: 1_000, maxMs: 1_000 }, 2);
  await queues.becomeQuiet(0);
  assert.deepEqual(await queues.takeDead(), []);
  const duplicates = runs.length - feed.count;
  console.log(
    `${feed.count} tasks, ${storm.kills} kills, ${storm.partitions} partitions: 0 lost, ` +
      `${duplicates} done twice, ${sent.resent} sent twice, ${sum("reconnects")} reconnections ` +
      `of workers, in ${Math.round((performance.now() - startedAtMs) / 1_000)} s`,
  );
}

/** Its broker says "0 ready" during the partition, while the others of the cluster have tasks. */
async function waitsForTheOthers(cluster: RabbitMqCluster): Promise<void> {
  const queue = ["--queue", "cut.off", "--queue-type", "quorum"];
  const send = async (url: string, stdin: string) => {
    const { code, stderr } = await Worktool.run(
      ["send", "--url", url, ...queue, "--lines", "--wait", "30s"],
      { stdin },
    );
    assert.equal(code, 0, stderr);
  };
  await using gate = await Gate.make();
  await send(cluster.nodes[0]!.url, "first");
  const leader = await cluster.leaderOf("cut.off");
  const node = cluster.nodes.find((node) => node !== leader)!;
  await using worker = Worktool.start([
    ...["work", "--url", node.url, ...queue, "--until-empty", "--json", "--", "sh", "-c"],
    ...['[ $(cat) != first ] || [ $WORKTOOL_ATTEMPT != 1 ] || read _ < "$0"', gate.path],
  ]);
  await worker.event("received");
  await cluster.cutOff(node);
  await send(leader.url, "second\nthird");
  await gate.open();
  await worker.event("done");
  await cluster.leaderOf("cut.off"); // which takes longer than the worker needs to look
  await cluster.rejoin(node);
  const exit = await within(worker.exited, "the worker to find the queue empty");
  assert.equal(exit.code, 0, exit.stderr);
  const bodies = new Map(events(exit, "received").map(({ messageId, body }) => [messageId, body]));
  const done = new Set(events(exit, "done").map(({ messageId }) => bodies.get(messageId)));
  assert.deepEqual(done, new Set(["first", "second", "third"]));
}
