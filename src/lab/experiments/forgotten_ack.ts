import type { Experiment } from "../experiment.ts";
import { numbersOf } from "../numbers.ts";
import { outcomeTable, runTable, taskList } from "../run_table.ts";
import { alike } from "./heavy_and_light.ts";
import { tutorial } from "./tutorial.ts";

export const forgottenAck: Experiment = {
  name: "forgotten-ack",
  title: "Forgotten acknowledgment",
  hasPicture: true,
  claim: "A worker that forgets basic.ack does its work, but the broker keeps every task as " +
    "unacknowledged. It delivers all of them again when that worker goes.",
  source: tutorial("Forgotten acknowledgment", "forgotten-acknowledgment"),
  question: "A worker does all tasks and stops. Then another one looks for work.",

  takesTasks: true,

  variants: ({ tasks = 5 }) =>
    (["manual", "never"] as const).map((mode) => ({
      name: `--ack ${mode}`,
      run: async (stage) => {
        await stage.work("C1", ["--ack", mode, "--prefetch", "0"]);
        await stage.send(alike(tasks));
        await stage.done(tasks);
        await stage.stop("C1");
        await stage.work("C2", ["--until-empty"]);
        await stage.ended("C2");
        await stage.close();
        return {};
      },
    })),

  conclude: (observed, { tasks = 5 }) => {
    const [manual, never] = observed.map(({ recordings }) => recordings.map(numbersOf));
    const peak = Math.min(...never!.map(({ peakUnacked }) => peakUnacked));
    const again = never!.map(({ duplicated }) => duplicated);
    const so = again.every(({ length }) => length === tasks) && peak === tasks &&
      manual!.every(({ duplicated }) => duplicated.length === 0);
    return {
      verdict: so ? "as the tutorial says" : "not so",
      because: `Without acknowledgments up to ${peak} tasks were unacknowledged at once, and ` +
        `the second worker got these again: ${taskList(again[0]!)}. With them it got none.`,
      tables: [outcomeTable(observed), runTable(observed)],
    };
  },
};
