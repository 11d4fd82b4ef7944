import { compile } from "../compile.ts";
import { type Benchmark, type Context, peerProgram } from "./benchmark.ts";
import { contest, type Contestant } from "./contest.ts";
import { fillQueue } from "./fill_queue.ts";
import { ScratchQueue } from "./scratch_queue.ts";
import { contestSection, type Section } from "./section.ts";
import type { Target } from "./target.ts";

/** A worker on a full queue, until so many tasks are acknowledged. */
export const drain: Benchmark = {
  name: "drain",
  async run(context) {
    const bareConsumer = new URL("../dist/bare_consumer", import.meta.url).pathname;
    await compile(peerProgram("bare_consumer.ts"), `--outfile=${bareConsumer}`);
    return [
      await drainOf(context, {
        tasks: 4_000,
        prefetch: 1,
        bareConsumer,
        targets: [
          { peer: "bare consumer", measure: "rate at least", times: 0.8 },
          { peer: "pika", measure: "rate at least", times: 1.2 },
        ],
      }),
      await drainOf(context, {
        tasks: 10_000,
        prefetch: 100,
        bareConsumer,
        targets: [{ peer: "pika", measure: "rate at least", times: 3.5 }],
      }),
    ];
  },
};

interface DrainOptions {
  readonly tasks: number;
  readonly prefetch: number;
  /** The compiled `peers/bare_consumer.ts`. */
  readonly bareConsumer: string;
  readonly targets: readonly Target[];
}

async function drainOf(
  context: Context,
  { tasks, prefetch, bareConsumer, targets }: DrainOptions,
): Promise<Section> {
  const { worktool, url, peers, quick, outputFile, stop } = context;
  await using queue = await ScratchQueue.create(url);
  const { name } = queue;
  const many = quick ? 1_000 : tasks;
  const few = many / 10;

  function contestant(
    contestantName: string,
    argv: readonly string[],
    tasks: number,
    runs?: number,
  ): Contestant {
    return {
      name: contestantName,
      command: { argv, stdout: outputFile },
      tasks,
      ...(runs === undefined ? {} : { runs }),
      before: () => fillQueue(queue, tasks, context),
      after: () => queue.arrived(0),
    };
  }

  const argv = [worktool, "work", "--url", url, "--queue", name];
  const contestants = [
    contestant(
      "worktool",
      [...argv, "--prefetch", String(prefetch), "--count", String(many)],
      many,
    ),
  ];
  contestants.push(
    contestant("bare consumer", [bareConsumer, url, name, String(prefetch), String(many)], many),
  );
  if (peers.pika) {
    const argv = [...peers.pika, peerProgram("pika_worker.py"), url, name];
    contestants.push(contestant("pika", [...argv, String(prefetch), String(many)], many));
  }
  if (peers.amqpConsume) {
    const argv = [...peers.amqpConsume, "--url", url, "-q", name, "-p", String(prefetch)];
    contestants.push(
      contestant("amqp-consume cat", [...argv, "-c", String(few), "cat"], few, 3),
    );
  }
  const results = await contest(contestants, quick ? 2 : 7, { warmUp: false, stop });
  return contestSection(`Draining no-dot tasks, prefetch ${prefetch}`, results, targets);
}
