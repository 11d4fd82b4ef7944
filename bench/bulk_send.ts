import { type Benchmark, peerProgram } from "./benchmark.ts";
import { contest, type Contestant } from "./contest.ts";
import { ScratchQueue } from "./scratch_queue.ts";
import { contestSection } from "./section.ts";

/** Publishes of aio-pika that wait for their confirms together: as many as worktool's --window. */
const IN_FLIGHT = "1000";

/** Many tasks, one a line, persistent and (but for amqp-publish) confirmed. */
export const bulkSend: Benchmark = {
  name: "bulk-send",
  async run({ worktool, url, peers, quick, linesFile, stop }) {
    await using queue = await ScratchQueue.create(url);
    const many = quick ? 5_000 : 100_000;
    const few = many / 10;

    async function contestant(
      name: string,
      argv: readonly string[],
      { tasks = many, runs }: { tasks?: number; runs?: number } = {},
    ): Promise<Contestant> {
      return {
        name,
        command: { argv, stdin: await linesFile(tasks) },
        tasks,
        ...(runs === undefined ? {} : { runs }),
        after: async () => {
          await queue.arrived(tasks);
          await queue.purge();
        },
      };
    }

    const contestants = [
      await contestant("worktool", [
        worktool,
        "send",
        "--url",
        url,
        "--queue",
        queue.name,
        "--lines",
      ]),
    ];
    if (peers.amqpPublish) {
      const argv = [...peers.amqpPublish, "--url", url, "-r", queue.name, "-l", "-p"];
      contestants.push(await contestant("amqp-publish -l", argv));
    }
    if (peers.aioPika) {
      const argv = [...peers.aioPika, peerProgram("aio_pika_send.py"), url, queue.name];
      contestants.push(
        await contestant("aio-pika", [...argv, IN_FLIGHT], { runs: 3 }),
        await contestant("aio-pika one by one", [...argv, "1"], { tasks: few, runs: 3 }),
      );
    }
    const results = await contest(contestants, quick ? 2 : 5, { warmUp: false, stop });
    return [
      contestSection("Sending lines, persistent", results, [
        { peer: "aio-pika", measure: "rate at least", times: 8 },
        { peer: "aio-pika one by one", measure: "rate at least", times: 8 },
        { peer: "amqp-publish -l", measure: "rate at least", times: 0.6 },
      ]),
    ];
  },
};
