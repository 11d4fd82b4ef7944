import type { Benchmark, Context } from "./benchmark.ts";
import { contest, type Contestant } from "./contest.ts";
import { fillQueue } from "./fill_queue.ts";
import { ScratchQueue } from "./scratch_queue.ts";
import { contestSection, type Section } from "./section.ts";
import type { Target } from "./target.ts";

/**
 * A command for each task of a full queue: one process after the other, and as many as there are
 * cores.
 */
export const eachTask: Benchmark = {
  name: "each-task",
  async run(context) {
    const cores = navigator.hardwareConcurrency;
    return [
      await catEachTask(context, 1, [
        { peer: "amqp-consume", measure: "rate at least", times: 0.7 },
        { peer: "worktool --no-retry", measure: "rate at least", times: 0.95 },
      ]),
      await catEachTask(context, cores, [
        { peer: "amqp-consume", measure: "rate at least", times: 1.2 },
      ]),
    ];
  },
};

async function catEachTask(
  context: Context,
  concurrency: number,
  targets: readonly Target[],
): Promise<Section> {
  const { worktool, url, peers, quick, outputFile, stop } = context;
  await using queue = await ScratchQueue.create(url);
  await using deadLetters = await ScratchQueue.create(url);
  const { name } = queue;
  const tasks = quick ? 100 : 3_000;

  function contestant(contestantName: string, argv: readonly string[]): Contestant {
    return {
      name: contestantName,
      command: { argv, stdout: outputFile },
      tasks,
      before: () => fillQueue(queue, tasks, context),
      after: () => queue.arrived(0),
    };
  }

  const work = (...flags: readonly string[]) => [
    ...[worktool, "work", "--url", url, "--queue", name, "--count", String(tasks)],
    ...["--dead-letter", deadLetters.name, "--concurrency", String(concurrency), ...flags],
    ...["--", "cat"],
  ];
  const contestants = [
    contestant("worktool", work()),
    contestant("worktool --no-retry", work("--no-retry")),
    contestant("worktool --output inherit", work("--output", "inherit")),
  ];
  if (peers.amqpConsume) {
    const argv = [...peers.amqpConsume, "--url", url, "-q", name, "-p", String(concurrency)];
    contestants.push(contestant("amqp-consume", [...argv, "-c", String(tasks), "cat"]));
  }
  const results = await contest(contestants, quick ? 2 : 7, { warmUp: false, stop });
  const what = `A command for each task (cat), concurrency ${concurrency}`;
  return contestSection(what, results, targets);
}
