import type { Experiment } from "../experiment.ts";
import { isTaskEvent } from "../recording.ts";
import { inSeconds, seconds } from "../run_table.ts";
import { tutorial } from "./tutorial.ts";

const TIMEOUT_MS = 1_000;
const PATIENCE_MS = 4_000;

export const consumerTimeout: Experiment = {
  name: "consumer-timeout",
  title: "Consumer timeout",
  hasPicture: true,
  claim:
    "A worker that does not acknowledge in time is cut off, and the broker delivers its task " +
    "again; since RabbitMQ 4.3 on quorum queues alone.",
  source: tutorial("Message acknowledgment", "message-acknowledgment"),
  question: `RabbitMQ waits 30 minutes; here the broker is told to wait ${TIMEOUT_MS / 1_000} s, ` +
    "a broker of yours by the queue's argument x-consumer-timeout, which RabbitMQ 4.3 heeds for " +
    "quorum queues. A worker takes one task and never acknowledges it, for " +
    `${PATIENCE_MS / 1_000} s.`,

  variants: ({ ownBroker }) =>
    (ownBroker ? ["classic", "quorum"] as const : ["quorum"] as const).map((type) => ({
      name: `a ${type} queue`,
      ...ownBroker && { brokerFlags: ["--consumer-timeout", inSeconds(TIMEOUT_MS)] },
      run: async (stage) => {
        const asked = ownBroker ? [] : ["--queue-arg", `x-consumer-timeout=${TIMEOUT_MS}`];
        const declaration = ["--queue-type", type, ...asked];
        const patience = ["--max-time", inSeconds(PATIENCE_MS)];
        await stage.work("C1", [...declaration, "--ack", "never", ...patience]);
        await stage.send(["1."], declaration);
        await stage.ended("C1");
        await stage.close();
        return { cutOff: stage.count("reconnecting") };
      },
    })),

  conclude: (observed, { ownBroker }) => {
    const rows = observed.map(({ name, recordings: [first], facts: [facts] }) => {
      const events = first!.events.filter(isTaskEvent);
      const delivered = events.find(({ kind }) => kind === "delivered")?.atMs ?? 0;
      const back = events.find(({ kind, reason }) =>
        kind === "requeued" && reason !== "its worker stopped"
      );
      return {
        name,
        cutOff: Number(facts!["cutOff"]) > 0 || back !== undefined,
        afterMs: back === undefined ? undefined : back.atMs - delivered,
      };
    });
    const tell = ({ name, cutOff, afterMs }: typeof rows[number]) =>
      cutOff ? `on ${name} after ${seconds(afterMs ?? 0)} s` : `not at all on ${name}`;
    const so = rows.some(({ cutOff }) => cutOff);
    const whyNot = so || ownBroker
      ? ""
      : " This broker does not take a shorter timeout from a queue's argument, as RabbitMQ before " +
        "4.3, or looks once a minute: its own is set in rabbitmq.conf (consumer_timeout).";
    return {
      verdict: so ? "as the tutorial says" : ownBroker ? "not so" : "not shown",
      because: `The task was taken back ${rows.map(tell).join(", ")}.${whyNot}`,
      tables: [{
        title: "When the broker took the task back",
        columns: ["queue", "after (s)"],
        rows: rows.map(({ name, afterMs }) => {
          return [name, afterMs === undefined ? "never" : seconds(afterMs)];
        }),
      }],
    };
  },
};
