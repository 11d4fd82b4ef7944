import { appendFile, writeFile } from "node:fs/promises";
import { type ExperimentReport, picturedRuns } from "../../lab/experiment_report.ts";
import { figureOf } from "../../lab/picture/figure.ts";
import { formatRecording, type Recording } from "../../lab/recording.ts";

/** Where to write what; each only where it is named. */
export interface LabFiles {
  readonly html?: string | undefined;
  readonly svg?: string | undefined;
  readonly record?: string | undefined;
}

/** A file that the user named cannot be written; the message says which, and the system's code. */
export class FileFailed extends Error {
  override readonly name = "FileFailed";

  constructor(path: string, { code }: NodeJS.ErrnoException) {
    super(`cannot write ${path}: ${code}`);
  }
}

/**
 * Makes those that are not there: what cannot be written is known before the run. What is in the
 * others stays until there is something to write. @throws {FileFailed}
 */
export async function makeLabFiles({ html, svg, record }: LabFiles): Promise<void> {
  for (const path of [html, svg, record]) {
    if (path !== undefined) await failing(path, appendFile(path, ""));
  }
}

/** @throws {FileFailed} */
export async function writeLabFiles(
  reports: readonly ExperimentReport[],
  { html, svg, record }: LabFiles,
  { version }: { readonly version: string },
): Promise<void> {
  const recordings = reports.flatMap(({ variants }) => variants)
    .flatMap(({ recordings }) => recordings);
  if (record !== undefined) await write(record, recordings.map(formatRecording).join(""));
  if (html !== undefined) {
    const { reportHtml } = await import("../../lab/report/report_html.ts");
    await write(html, reportHtml(reports, { version, madeAt: new Date() }));
  }
  const [report] = reports;
  if (svg === undefined || report === undefined) return;
  const { title, because: description } = report;
  await writePicture(svg, { title, description, recordings: picturedRuns(report) });
}

/** @throws {FileFailed} */
export async function writePicture(
  path: string,
  { recordings, ...words }: {
    readonly title: string;
    readonly description: string;
    readonly recordings: readonly Recording[];
  },
): Promise<void> {
  const { pictureSvg } = await import("../../lab/picture/svg.ts");
  await write(path, pictureSvg(figureOf(recordings), words));
}

function write(path: string, text: string): Promise<void> {
  return failing(path, writeFile(path, text));
}

/** @throws {FileFailed} */
async function failing(path: string, writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    throw new FileFailed(path, error as NodeJS.ErrnoException);
  }
}
