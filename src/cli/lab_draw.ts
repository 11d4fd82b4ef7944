import { readFile } from "node:fs/promises";
import type { Observed } from "../lab/experiment.ts";
import { EXPERIMENTS } from "../lab/experiments/experiments.ts";
import { figureOf } from "../lab/picture/figure.ts";
import { terminalLegend, terminalPicture } from "../lab/picture/terminal.ts";
import { NotARecording, parseRecordings, type Recording } from "../lab/recording.ts";
import { outcomeTable, runTable } from "../lab/run_table.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./failure/exit_code.ts";
import { UsageError } from "./failure/usage_error.ts";
import type { LabFlags } from "./flags/lab_flags.ts";
import { FileFailed, writePicture } from "./output/lab_files.ts";
import { labTextFormat, tableLines, wrapped } from "./output/lab_text.ts";

/** `lab draw`: what `--record` kept, as pictures and numbers again. @throws {UsageError} */
export async function drawRecordings(
  files: readonly string[],
  { svg }: Pick<LabFlags, "svg">,
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr } = context;
  if (files.length === 0) throw new UsageError("draw what? worktool lab draw FILE");
  const drawn: Recording[][] = [];
  for (const file of files) {
    try {
      const recordings = parseRecordings(await readFile(file, "utf8"));
      drawn.push(...Map.groupBy(recordings, ({ experiment }) => experiment).values());
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!(error instanceof NotARecording) && code === undefined) throw error;
      stderr.write(`worktool: cannot draw ${file}: ${code ?? message}\n`);
      return ExitCode.failed;
    }
  }
  if (svg !== undefined && drawn.length > 1) {
    throw new UsageError(`--svg is one picture, and here are ${drawn.length}`);
  }
  const { columns } = labTextFormat(context);
  for (const recordings of drawn) stdout.write(textOf(recordings, context));
  stdout.write(`${terminalLegend(columns).join("\n")}\n`);
  try {
    if (svg !== undefined) await writePicture(svg, pictureOf(drawn[0]!));
  } catch (error) {
    if (!(error instanceof FileFailed)) throw error;
    stderr.write(`worktool: ${error.message}\n`);
    return ExitCode.failed;
  }
  return ExitCode.ok;
}

/** The runs of one experiment: the first of each variant drawn, all of them in the numbers. */
function textOf(recordings: readonly Recording[], context: Context): string {
  const format = labTextFormat(context);
  const { experiment, broker } = recordings[0]!;
  const observed = observedIn(recordings);
  return [
    ...wrapped(`${experiment}, on ${broker}`, format.columns, ""),
    "",
    ...terminalPicture(figureOf(firstRuns(observed)), format),
    ...[outcomeTable(observed), runTable(observed)]
      .flatMap((table) => [...tableLines(table, format.columns), ""]),
  ].map((line) => `${line}\n`).join("");
}

function observedIn(recordings: readonly Recording[]): Observed[] {
  return [...Map.groupBy(recordings, ({ variant }) => variant)]
    .map(([name, recordings]) => ({ name, recordings, facts: [] }));
}

function firstRuns(observed: readonly Observed[]): Recording[] {
  return observed.flatMap(({ recordings }) => recordings.slice(0, 1));
}

function pictureOf(recordings: readonly Recording[]) {
  const { experiment, broker } = recordings[0]!;
  const observed = observedIn(recordings);
  const { columns, rows } = outcomeTable(observed);
  const outcomes = rows.map(([variant, ...outcome]) =>
    `${variant}: ${outcome.map((what, at) => `${columns[at + 1]} ${what}`).join(", ")}.`
  );
  return {
    title: EXPERIMENTS.find(({ name }) => name === experiment)?.title ?? experiment,
    description: `On ${broker}. ${outcomes.join(" ")}`,
    recordings: firstRuns(observed),
  };
}
