import { type Benchmark, type Context, peerProgram } from "./benchmark.ts";
import { runCommand } from "./command.ts";
import { contest, type Contestant } from "./contest.ts";
import { ScratchQueue } from "./scratch_queue.ts";
import { contestSection, type Section } from "./section.ts";

/** A worker on a full queue, until so many tasks are acknowledged. */
export const drain: Benchmark = {
  name: "drain",
  async run(context) {
    return [
      await drainWithPrefetch(context, 1, 2),
      await drainWithPrefetch(context, 100, 3.5),
    ];
  },
};

/** @param targetTimes the wanted rate, in rates of pika's worker */
async function drainWithPrefetch(
  { worktool, url, peers, quick, linesFile, outputFile, stop }: Context,
  prefetch: number,
  targetTimes: number,
): Promise<Section> {
  await using queue = await ScratchQueue.create(url);
  const { name } = queue;
  const many = quick ? 1_000 : 10_000;
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
      before: async () => {
        const send = [worktool, "send", "--url", url, "--queue", name, "--lines"];
        await runCommand({ argv: send, stdin: await linesFile(tasks) }, { peak: false, stop });
        await queue.arrived(tasks);
      },
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
  return contestSection(`Draining no-dot tasks, prefetch ${prefetch}`, results, [
    { peer: "pika", measure: "rate at least", times: targetTimes },
  ]);
}
