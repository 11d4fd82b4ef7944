import { type Benchmark, peerProgram } from "./benchmark.ts";
import { contest, type Contestant } from "./contest.ts";
import { ScratchQueue } from "./scratch_queue.ts";
import { contestSection } from "./section.ts";

/** One task, from the start of the process to its end. */
export const oneSend: Benchmark = {
  name: "one-send",
  async run({ worktool, url, peers, quick, stop }) {
    await using queue = await ScratchQueue.create(url);
    const { name } = queue;
    const contestants: Contestant[] = [
      command("worktool", [worktool, "send", "--url", url, "--queue", name, "Task"]),
    ];
    if (peers.amqpPublish) {
      const argv = [...peers.amqpPublish, "--url", url, "-r", name, "-p", "-b", "Task"];
      contestants.push(command("amqp-publish", argv));
    }
    if (peers.pika) {
      const argv = [...peers.pika, peerProgram("pika_send.py"), url, name, "Task"];
      contestants.push(command("pika", argv));
    }
    contestants.push(command("an empty process", ["true"]));
    const results = await contest(contestants, quick ? 5 : 60, { warmUp: true, stop });
    return [
      contestSection("One send, whole process", results, [
        { peer: "pika", measure: "rate at least", times: 5 },
        { peer: "amqp-publish", measure: "time at most", times: 3.5 },
      ]),
    ];
  },
};

function command(name: string, argv: readonly string[]): Contestant {
  return { name, command: { argv }, tasks: 1 };
}
