import type { Experiment } from "../experiment.ts";

/** One more than RabbitMQ 4 allows by itself. */
const DEATHS = 21;

export const releases: Experiment = {
  name: "releases",
  title: "What RabbitMQ 4 changed",
  claim: "A task of a quorum queue that has come back 20 times is given up since RabbitMQ 4.0; " +
    "RabbitMQ 3 delivered it for ever.",
  source: {
    title: "RabbitMQ, “Quorum queues”, poison message handling",
    url: "https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling",
  },
  question: `${DEATHS} workers one after the other die of the same task.`,

  unable: ({ ownBroker }) =>
    ownBroker
      ? undefined
      : "it compares two releases of the lab's own broker: run it without --url",

  variants: () =>
    ["3.10", "4.3"].map((release) => ({
      name: `as RabbitMQ ${release}`,
      draws: false,
      brokerFlags: ["--like", release],
      run: async (stage) => {
        const declaration = ["--queue-type", "quorum"];
        const queue = ["--queue", stage.queue];
        await stage.run(["send", ...queue, ...declaration, "1"]);
        for (let n = 1; n <= DEATHS; n++) {
          await stage.run(["work", ...queue, "--crash-during", "1", "--until-empty"]);
        }
        return { delivered: stage.count("delivered"), left: await stage.ready() ?? 0 };
      },
    })),

  conclude: (observed) => {
    const [old, recent] = observed.map(({ facts: [facts] }) => facts!);
    const so = old!["left"] === 1 && recent!["left"] === 0;
    return {
      verdict: so ? "as claimed" : "not so",
      because:
        `After ${DEATHS} deaths the task was ${old!["left"] === 1 ? "still there" : "gone"} ` +
        `as with RabbitMQ 3.10, and ${recent!["left"] === 1 ? "still there" : "gone"} as with 4.3.`,
      tables: [{
        title: `After ${DEATHS} deaths`,
        columns: ["release", "deliveries", "left in the queue"],
        rows: observed.map(({ name, facts: [facts] }) => [
          name,
          `${facts!["delivered"]}`,
          `${facts!["left"]}`,
        ]),
      }],
    };
  },
};
