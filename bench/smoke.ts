import { type Benchmark, type Context, peerProgram } from "./benchmark.ts";
import { queueList } from "./broker/queue_list.ts";
import { contest, type Contestant } from "./contest.ts";
import { ScratchQueue } from "./scratch_queue.ts";
import { contestSection, type Section } from "./section.ts";

/** One process after the other. */
const SEND_THEN_WORK = ["sh", peerProgram("send_then_work.sh")];

/**
 * What a health check and a smoke test cost, beside what they are made of; and what it costs to ask
 * the embedded broker for all of its queues, beside RabbitMQ.
 */
export const smoke: Benchmark = {
  name: "smoke",
  apart: true,
  run: async (context) => [
    await waitOnce(context),
    await check(context),
    await queueList(context.worktool, context),
  ],
};

async function waitOnce({ worktool, url, quick, stop }: Context): Promise<Section> {
  await using queue = await ScratchQueue.create(url);
  const one = (name: string, ...argv: string[]): Contestant => ({
    name,
    command: { argv: [worktool, ...argv, "--url", url, "--queue", queue.name] },
    tasks: 1,
  });
  const contestants = [one("worktool", "wait", "--once"), one("worktool send", "send", "Task")];
  const results = await contest(contestants, quick ? 5 : 60, { warmUp: true, stop });
  return contestSection("A health check, wait --once", results, [
    { peer: "worktool send", measure: "time at most", times: 1.5 },
  ]);
}

async function check({ worktool, url, quick, linesFile, stop }: Context): Promise<Section> {
  await using queue = await ScratchQueue.create(url);
  const tasks = quick ? 5_000 : 100_000;
  const at = ["--url", url, "--queue", queue.name];
  const contestants: Contestant[] = [
    {
      name: "worktool",
      command: { argv: [worktool, "check", "--url", url, "--count", String(tasks)] },
      tasks,
    },
    {
      name: "send --lines, then work",
      command: {
        argv: [...SEND_THEN_WORK, worktool, await linesFile(tasks), String(tasks), ...at],
      },
      tasks,
      after: () => queue.arrived(0),
    },
  ];
  const results = await contest(contestants, quick ? 2 : 5, { warmUp: false, stop });
  return contestSection("A whole cycle, check", results, [
    { peer: "send --lines, then work", measure: "rate at least", times: 0.6 },
  ]);
}
