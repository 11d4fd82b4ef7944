import type { Experiment, Observed } from "../experiment.ts";
import type { Table } from "../experiment_report.ts";
import { isTaskEvent, type Recording } from "../recording.ts";
import { runTable } from "../run_table.ts";
import { tutorial } from "./tutorial.ts";

/** The tutorial's own five. */
const FIVE_TASKS = [
  "First message.",
  "Second message..",
  "Third message...",
  "Fourth message....",
  "Fifth message.....",
];

export const roundRobin: Experiment = {
  name: "round-robin",
  title: "Round-robin dispatching",
  hasPicture: true,
  claim: "Each next task goes to the next worker, in sequence, whatever that worker is doing.",
  source: tutorial("Round-robin dispatching", "round-robin-dispatching"),
  question:
    "The tutorial's five tasks, the longest last, without a prefetch limit: who gets which?",

  variants: () =>
    [2, 3].map((workers) => ({
      name: `${workers} workers`,
      run: async (stage) => {
        for (let n = 1; n <= workers; n++) await stage.work(`C${n}`, ["--prefetch", "0"]);
        await stage.send(FIVE_TASKS);
        await stage.done(FIVE_TASKS.length);
        await stage.close();
        return {};
      },
    })),

  conclude: (observed) => {
    const orders = observed.flatMap(({ recordings }) => recordings)
      .map((recording) => ({ order: receivers(recording), workers: recording.workers.length }));
    const inTurn = orders.every(({ order, workers }) => isInTurn(order, workers));
    const { order } = orders[0]!;
    return {
      verdict: inTurn ? "as the tutorial says" : "not so",
      because: `Tasks 1 to ${order.length} went to ${order.join(", ")}` +
        (inTurn ? ": in turn, with two workers and with three." : "."),
      tables: [listing(observed), runTable(observed)],
    };
  },
};

/** Who got task 1, 2, 3 … */
function receivers({ events, tasks }: Recording): string[] {
  const deliveries = events.filter(isTaskEvent).filter(({ kind }) => kind === "delivered");
  return tasks.map(({ task }) =>
    deliveries.find((event) => event.task === task)?.worker ?? "nobody"
  );
}

function isInTurn(order: readonly string[], workers: number): boolean {
  const turn = order.slice(0, workers);
  return new Set(turn).size === workers && !turn.includes("nobody") &&
    order.every((worker, at) => worker === turn[at % workers]);
}

function listing(observed: readonly Observed[]): Table {
  return {
    title: "Who got what",
    columns: ["worker", "tasks"],
    rows: observed.flatMap(({ name, recordings: [first] }) => {
      const order = receivers(first!);
      return first!.workers.map((worker) => [
        `${worker} of ${name}`,
        first!.tasks.filter((_, at) => order[at] === worker).map(({ body }) => body).join(" "),
      ]);
    }),
  };
}
