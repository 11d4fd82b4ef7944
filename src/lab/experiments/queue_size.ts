import type { Experiment, Variant } from "../experiment.ts";
import type { Table } from "../experiment_report.ts";
import { numbersOf } from "../numbers.ts";
import { inSeconds, runTable, seconds } from "../run_table.ts";
import type { Missing } from "../stage/recorder.ts";
import { alike } from "./heavy_and_light.ts";
import { tutorial } from "./tutorial.ts";

/** One worker does half of what arrives, two do all of it. */
const DOTS = 2;
const ROOM = 3;
const TTL_DOTS = 4;

export const queueSize: Experiment = {
  name: "queue-size",
  title: "Queue size",
  hasPicture: true,
  claim: "Where all workers are busy the queue fills up: add workers, or limit what may wait.",
  source: tutorial("Fair dispatch", "fair-dispatch"),
  question: "A task arrives with every dot, and takes two. One worker falls behind, two keep up. " +
    `Then one worker alone, with tasks that may wait for ${TTL_DOTS} dots, and with a queue that ` +
    `has room for ${ROOM}.`,

  takesTasks: true,

  variants: ({ tasks = 16, dotMs }) => {
    const rate = ["--rate", `${Math.round(1_000 / dotMs * 100) / 100}`];
    const workers = (count: number): Variant => ({
      name: count === 1 ? "1 worker" : `${count} workers`,
      run: async (stage) => {
        for (let n = 1; n <= count; n++) await stage.work(`C${n}`);
        await stage.send(alike(tasks, DOTS), rate);
        await stage.done(tasks);
        await stage.close();
        return {};
      },
    });
    const limited = (
      name: string,
      queueArgs: readonly string[],
      missing: Missing,
    ): Variant => {
      const flags = queueArgs.flatMap((arg) => ["--queue-arg", arg]);
      return {
        name,
        run: async (stage) => {
          const idle = inSeconds(Math.max(3_000, 2 * DOTS * dotMs));
          await stage.work("C1", [...flags, "--idle-timeout", idle]);
          await stage.send(alike(tasks, DOTS), [...flags, ...rate]);
          await stage.ended("C1");
          await stage.close(missing);
          return {};
        },
      };
    };
    return [
      workers(1),
      workers(2),
      workers(4),
      limited("1 worker, TTL", [`x-message-ttl=${TTL_DOTS * dotMs}`], {
        expiredAfterMs: TTL_DOTS * dotMs,
      }),
      limited(
        "1 worker, max-length",
        [`x-max-length=${ROOM}`, "x-overflow=reject-publish"],
        "lost",
      ),
    ];
  },

  conclude: (observed) => {
    const runs = observed.map(({ recordings }) => recordings.map(numbersOf));
    const peaks = runs.map((all) => Math.max(...all.map(({ peakReady }) => peakReady)));
    const expired = runs[3]!.flatMap(({ expired }) => expired).length;
    const refused = runs[4]!.flatMap(({ refused }) => refused).length;
    // As its clients tell it, a queue may seem to hold one more for a moment: so no exact limit.
    const so = peaks[0]! > peaks[2]! && expired > 0 && refused > 0 && peaks[4]! < peaks[0]!;
    return {
      verdict: so ? "as the tutorial says" : "not so",
      because: `The longest queue was ${peaks[0]} with one worker, ${peaks[1]} with two, ` +
        `${peaks[2]} with four. With a time to live ${expired} tasks expired, with a limit of ` +
        `${ROOM} in the queue ${refused} were refused.`,
      tables: [backlogTable(observed), runTable(observed)],
    };
  },
};

function backlogTable(observed: Parameters<typeof runTable>[0]): Table {
  return {
    title: "The queue",
    columns: ["variant", "longest queue", "longest wait (s)", "done", "expired", "refused"],
    rows: observed.map(({ name, recordings }) => {
      const run = numbersOf(recordings[0]!);
      return [
        name,
        `${run.peakReady}`,
        seconds(run.waitingMs.max),
        `${run.done}`,
        `${run.expired.length}`,
        `${run.refused.length}`,
      ];
    }),
  };
}
