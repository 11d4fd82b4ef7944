import type { PrivateRabbitMq } from "../support/private_rabbitmq.ts";
import type { RabbitMqCluster } from "../support/rabbitmq_cluster.ts";
import { type Exit, Worktool } from "../support/worktool.ts";
import type { TaskFeed } from "./task_feed.ts";
import { eventually } from "../support/deadline.ts";
import { Trace } from "./worker_trace.ts";

/** How many tasks must be done while a node is away, before it comes back. */
const RUNS_WITHOUT_IT = 100;

/** What a client said last, besides what became of single tasks. */
function told(client: Worktool): string {
  return client.lines(/^(?!{"event":"(sent|received|done|acked)")/).slice(-5).join("\n");
}

const CONNECTED = /^{"event":"connected"/;
const DONE = /^{"event":"done"/;

export interface ClusterStormOptions {
  readonly queue: string;
  readonly workers: number;
  readonly rounds: number;
  readonly feed: TaskFeed;
  readonly trace: Trace;
}

export interface ClusterStormResult {
  readonly sender: Exit;
  readonly workers: readonly Exit[];
  readonly kills: number;
  readonly partitions: number;
}

/**
 * One sender and some workers of a quorum queue, each of which begins with another node, while in
 * each round the queue's leader is killed, then the node that the sender is connected to, and then
 * such a node is cut off from the others. When it returns, all tasks are done and all have stopped.
 */
export async function clusterStorm(
  cluster: RabbitMqCluster,
  { queue, workers: count, rounds, feed, trace }: ClusterStormOptions,
): Promise<ClusterStormResult> {
  const flags = (n: number) => [
    ...cluster.urls(n % cluster.nodes.length).flatMap((url) => ["--url", url]),
    ...["--queue", queue, "--queue-type", "quorum", "--json", "--reconnect-delay", "50ms..1s"],
  ];
  await using sender = Worktool.start([
    ...["send", ...flags(0), "--lines", "--confirm-timeout", "5s", "--reconnect-for", "1m"],
  ], { stdin: feed.lines });
  await sender.event("sent");
  const workers = Array.from({ length: count }, (_, n) =>
    Worktool.start([
      ...["work", ...flags(n), "--name", `C${n + 1}`, "--concurrency", "4", "--attempts", "20"],
      ...["--connect-timeout", "5s", "--", "sh", "-c", Trace.SCRIPT, "sh", "{}"],
    ], { env: { TRACE: trace.path, SEED: "0", LIMIT: "0" } }));
  await using stack = new AsyncDisposableStack();
  for (const worker of workers) stack.use(worker);
  await Promise.all(workers.map((worker) => worker.event("waiting")));

  const nodeOf = (client: Worktool): PrivateRabbitMq =>
    cluster.at(JSON.parse(client.lastLine(CONNECTED)!).address);

  async function goOn(): Promise<void> {
    const before = await trace.count();
    await eventually(
      () => `${RUNS_WITHOUT_IT} more tasks to be done after ${before}`,
      async () => await trace.count() >= before + RUNS_WITHOUT_IT,
    );
  }

  async function crash(node: PrivateRabbitMq): Promise<void> {
    await node.kill();
    await goOn();
    await node.start();
    await cluster.becomeWhole();
    await goOn();
  }

  async function partition(node: PrivateRabbitMq): Promise<void> {
    await cluster.cutOff(node);
    await eventually(
      () => `the sender to leave the node that is cut off: ${told(sender)}`,
      () => {
        feed.add(1); // it notices as it sends, whether others are done or not
        return nodeOf(sender) !== node;
      },
    );
    if (workers.some((worker) => nodeOf(worker) !== node)) await goOn();
    await cluster.rejoin(node);
    const before = workers.map((worker) => worker.lines(DONE).length);
    await eventually(
      () => "every worker to do something after the partition",
      () => workers.every((one, n) => one.lines(DONE).length > before[n]!),
    );
  }

  for (let round = 0; round < rounds; round++) {
    await crash(await cluster.leaderOf(queue));
    await crash(nodeOf(sender));
    await partition(nodeOf(sender));
  }
  feed.end();
  const sent = await sender.exited;
  await eventually(
    () => `all ${feed.count} tasks to be done`,
    async () => new Set((await trace.runs()).map(({ task }) => task)).size === feed.count,
  );
  for (const worker of workers) worker.kill("SIGTERM");
  return {
    sender: sent,
    workers: await Promise.all(workers.map((worker) => worker.exited)),
    kills: rounds * 2,
    partitions: rounds,
  };
}
