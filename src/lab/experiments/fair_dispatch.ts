import { median } from "simple-statistics";
import type { Experiment, Observed } from "../experiment.ts";
import { medianDifference, numbersOf } from "../numbers.ts";
import { runTable, seconds, spread } from "../run_table.ts";
import { heavyAndLight } from "./heavy_and_light.ts";
import { tutorial } from "./tutorial.ts";

const PREFETCHES = [0, 1, 2, 10] as const;

export const fairDispatch: Experiment = {
  name: "fair-dispatch",
  title: "Fair dispatch",
  hasPicture: true,
  claim:
    "With prefetch 1 a worker gets the next task only when it has acknowledged the last one, " +
    "so that the next task goes to whoever is free.",
  source: tutorial("Fair dispatch", "fair-dispatch"),
  question: "Two workers; the odd tasks are heavy (five dots), the even ones light (one dot). " +
    "Without a limit all heavy ones go to the same worker, while the other has nothing to do.",

  takesTasks: true,

  variants: ({ tasks = 8 }) =>
    PREFETCHES.map((prefetch) => ({
      name: `prefetch ${prefetch}`,
      run: async (stage) => {
        for (const worker of ["C1", "C2"]) await stage.work(worker, ["--prefetch", `${prefetch}`]);
        await stage.send(heavyAndLight(tasks));
        await stage.done(tasks);
        await stage.close();
        return {};
      },
    })),

  conclude: (observed) => {
    const makespans = observed.map(({ recordings }) =>
      recordings.map((recording) => numbersOf(recording).makespanMs)
    );
    const [unlimited, one] = makespans as [number[], number[]];
    const { difference, low, high } = medianDifference(unlimited, one);
    const repeated = unlimited.length > 1;
    // One run alone may differ by chance.
    const shown = repeated ? low > 0 || high < 0 : Math.abs(difference) > median(unlimited) / 10;
    const interval = repeated
      ? ` The difference of the medians is ${seconds(difference)} s (95 % interval ` +
        `${seconds(low)} to ${seconds(high)} s).`
      : "";
    return {
      verdict: !shown ? "not shown" : difference > 0 ? "as the tutorial says" : "not so",
      because: `All was done after ${spread(unlimited)} s with prefetch 0 and after ` +
        `${spread(one)} s with prefetch 1.${interval}`,
      tables: [runTable(observed), heavyTable(observed)],
    };
  },
};

function heavyTable(observed: readonly Observed[]) {
  return {
    title: "Who got the heavy tasks",
    columns: ["variant", "heavy tasks of C1", "heavy tasks of C2"],
    rows: observed.map(({ name, recordings: [first] }) => {
      const heavyOf = (worker: string) =>
        first!.tasks.filter(({ task, body }) =>
          body.includes("heavy") &&
          first!.events.some((event) =>
            event.kind === "started" && event.task === task && event.worker === worker
          )
        ).length;
      return [name, `${heavyOf("C1")}`, `${heavyOf("C2")}`];
    }),
  };
}
