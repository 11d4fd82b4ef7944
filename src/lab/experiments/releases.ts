import type { Experiment, Facts } from "../experiment.ts";
import type { Stage } from "../stage/stage.ts";

/** One more than RabbitMQ 4 allows by itself. */
const DEATHS = 21;
/** A task that comes back does so at once, as a rule: whoever waits that long waits in vain. */
const IDLE = "3s";

export const releases: Experiment = {
  name: "releases",
  title: "What RabbitMQ 4 changed",
  hasPicture: false,
  claim: "A task of a quorum queue that has come back 20 times is given up since RabbitMQ 4.0; " +
    "RabbitMQ 3 delivered it for ever.",
  source: {
    title: "RabbitMQ, “Quorum queues”, poison message handling",
    url: "https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling",
  },
  question: `${DEATHS} workers one after the other die of the same task.`,

  comparesBrokers: true,

  unable: ({ ownBroker, givenBrokers }) =>
    ownBroker || givenBrokers > 1
      ? undefined
      : "it compares two releases: give --url twice, or none for the lab's own brokers",

  variants: ({ ownBroker }) =>
    ownBroker
      ? ["3.10", "4.3"].map((release) => ({
        name: `as RabbitMQ ${release}`,
        brokerFlags: ["--like", release],
        run: dieOfIt,
      }))
      : ["the first --url", "the second --url"].map((name, givenBroker) => ({
        name,
        givenBroker,
        run: dieOfIt,
      })),

  conclude: (observed) => {
    const rows = observed.map(({ recordings: [first], facts: [facts] }) => ({
      broker: first!.broker,
      delivered: facts!["delivered"],
      isThere: facts!["left"] === 1,
      limited: Number(/(\d+)\.\d+/.exec(first!.broker)?.[1]) >= 4,
    }));
    const so = rows.every(({ isThere, limited }) => isThere !== limited);
    const differ = new Set(rows.map(({ limited }) => limited)).size > 1;
    const tell = ({ broker, isThere }: typeof rows[number]) =>
      `${isThere ? "still there" : "gone"} on ${broker}`;
    return {
      verdict: !so ? "not so" : differ ? "as claimed" : "not shown",
      because: `After ${DEATHS} deaths the task was ${rows.map(tell).join(", and ")}.`,
      tables: [{
        title: `After ${DEATHS} deaths`,
        columns: ["broker", "deliveries", "left in the queue"],
        rows: rows.map(({ broker, delivered, isThere }) => [
          broker,
          `${delivered}`,
          isThere ? "1" : "0",
        ]),
      }],
    };
  },
};

async function dieOfIt(stage: Stage): Promise<Facts> {
  const queue = ["--queue", stage.queue];
  await stage.run(["send", ...queue, "--queue-type", "quorum", "1"]);
  for (let n = 1; n <= DEATHS; n++) {
    await stage.run(["work", ...queue, "--crash-during", "1", "--idle-timeout", IDLE]);
  }
  const delivered = stage.count("delivered");
  // The queue may not have heard of the last death yet: another worker waits for the task.
  await stage.run(["work", ...queue, "--ack", "never", "--count", "1", "--idle-timeout", IDLE]);
  return { delivered, left: stage.count("delivered") - delivered };
}
