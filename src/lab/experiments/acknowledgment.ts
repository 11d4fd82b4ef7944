import type { Experiment } from "../experiment.ts";
import { lossBound, numbersOf } from "../numbers.ts";
import { inSeconds, outcomeTable, percent, runTable, taskList } from "../run_table.ts";
import { alike } from "./heavy_and_light.ts";
import { tutorial } from "./tutorial.ts";

const MODES = ["manual", "auto", "early"] as const;
const TASKS = 4;
const DOTS = 3;

export const acknowledgment: Experiment = {
  name: "acknowledgment",
  title: "Message acknowledgment",
  hasPicture: true,
  claim: "If a worker dies without an acknowledgment, its task is delivered to another worker. " +
    "Nothing is lost. Where the broker takes a task as done when it has sent it, it is lost.",
  source: tutorial("Message acknowledgment", "message-acknowledgment"),
  question: "Two workers have two tasks each; the first one is killed in the middle of its first " +
    "task. What becomes of its two tasks, by --ack?",

  variants: ({ dotMs }) =>
    MODES.map((mode) => ({
      name: `--ack ${mode}`,
      run: async (stage) => {
        const flags = ["--ack", mode, "--prefetch", "0"];
        // The second one ends by itself when it has waited for longer than a task takes, or the
        // sender to start on a busy machine.
        const idle = inSeconds(Math.max(3_000, 2 * DOTS * dotMs));
        await stage.work("C1", [...flags, "--crash-during", "1"]);
        await stage.work("C2", [...flags, "--idle-timeout", idle]);
        await stage.send(alike(TASKS, DOTS));
        await stage.ended("C1");
        await stage.ended("C2");
        await stage.close();
        return {};
      },
    })),

  conclude: (observed) => {
    const lost = observed.map(({ recordings }) =>
      recordings.flatMap((recording) => numbersOf(recording).lost)
    );
    const [manual, auto, early] = lost as [number[], number[], number[]];
    const runs = observed[0]!.recordings;
    const recovered = runs.flatMap((recording) => numbersOf(recording).recovered);
    const shown = recovered.length > 0 && auto.length > 0 && early.length > 0;
    const bound = percent(lossBound(runs.length * TASKS));
    const [again, byAuto, byEarly] = [recovered, auto, early]
      .map((tasks) => `tasks ${taskList([...new Set(tasks)])}`);
    return {
      verdict: manual.length > 0 ? "not so" : shown ? "as the tutorial says" : "not shown",
      because:
        `With manual acknowledgments ${manual.length} of ${runs.length * TASKS} tasks were ` +
        `lost, and the other worker did ${again} again. Lost with auto: ${byAuto}; with early: ` +
        `${byEarly}. (None lost of so few still allows for a chance of loss of up to ${bound}.)`,
      tables: [outcomeTable(observed), runTable(observed)],
    };
  },
};
