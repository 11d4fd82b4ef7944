import type { Experiment, Facts } from "../experiment.ts";
import { tutorial } from "./tutorial.ts";

const TASKS = 3;
const TYPES = ["classic", "quorum"] as const;
const QUEUES = ["durable", "no-durable"] as const;
const MESSAGES = ["persistent", "transient"] as const;

export const durability: Experiment = {
  name: "durability",
  title: "Message durability",
  hasPicture: false,
  claim:
    "A task survives a restart of the broker where both its queue is durable and the message " +
    "is persistent; else it is lost.",
  source: tutorial("Message durability", "message-durability"),
  question: `${TASKS} tasks in a queue of each kind, then the broker is stopped and started again.`,

  unable: ({ canRestart }) =>
    canRestart ? undefined : "it restarts the broker: say how with --restart-command",

  variants: () => [{
    name: "a restart",
    run: async (stage) => {
      const facts: Record<string, string> = {};
      const queues = new Map<string, string>();
      for (const type of TYPES) {
        for (const queue of QUEUES) {
          for (const message of MESSAGES) {
            const name = stage.anotherQueue(`${type}-${queue}-${message}`);
            const { code } = await stage.run([
              ...["send", "--queue", name, "--queue-type", type, `--${queue}`, `--${message}`],
              ...["--count", `${TASKS}`, "task {n}"],
            ]);
            const key = `${type} ${queue} ${message}`;
            if (code === 0) queues.set(key, name);
            else facts[key] = `refused (${code})`;
          }
        }
      }
      await stage.restartBroker("stop");
      for (const [key, name] of queues) {
        const ready = await stage.ready(name);
        facts[key] = ready === undefined
          ? "lost, with the queue"
          : ready === 0
          ? "lost"
          : `${ready} of ${TASKS}`;
      }
      return facts;
    },
  }],

  conclude: ([observed]) => {
    const [facts] = observed!.facts as [Facts];
    const safe = TYPES.every((type) => survived(facts[`${type} durable persistent`]));
    const unsafe = ["classic durable transient", "classic no-durable persistent"];
    const lost = unsafe.every((key) => !survived(facts[key]));
    return {
      verdict: safe && lost ? "as the tutorial says" : "not so",
      because: `Durable and persistent: ${facts["classic durable persistent"]} there after the ` +
        `restart; durable and transient: ${facts["classic durable transient"]}; a queue that is ` +
        `not durable: ${
          facts["classic no-durable persistent"]
        }. A quorum queue keeps every task, ` +
        `and is always durable.`,
      tables: [{
        title: `Of ${TASKS} tasks after a restart`,
        columns: ["queue", ...MESSAGES],
        rows: TYPES.flatMap((type) =>
          QUEUES.map((queue) => [
            `${type}, ${queue === "durable" ? "durable" : "not durable"}`,
            ...MESSAGES.map((message) => `${facts[`${type} ${queue} ${message}`]}`),
          ])
        ),
      }],
    };
  },
};

function survived(fact: string | number | undefined): boolean {
  return fact === `${TASKS} of ${TASKS}`;
}
