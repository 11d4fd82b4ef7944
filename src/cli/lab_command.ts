import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { parseBrokerUrl } from "../amqp/broker_url.ts";
import type { Experiment } from "../lab/experiment.ts";
import type { ExperimentReport } from "../lab/experiment_report.ts";
import { EXPERIMENTS } from "../lab/experiments/experiments.ts";
import { BrokerFailed, runExperiment } from "../lab/lab.ts";
import { RestartFailed } from "../lab/stage/lab_broker.ts";
import { WorktoolEnded } from "../lab/stage/worktool_process.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import { placeOf } from "./failure/explanation.ts";
import { UsageError } from "./failure/usage_error.ts";
import { drawRecordings } from "./lab_draw.ts";
import { firstGiven } from "./flags/given_flags.ts";
import { type LabFlags, labFlags } from "./flags/lab_flags.ts";
import { experimentHeading, experimentText, labTextFormat } from "./output/lab_text.ts";
import { experimentJson, listedJson, unableJson } from "./output/lab_json.ts";
import { FileFailed, makeLabFiles, writeLabFiles } from "./output/lab_files.ts";
import { LivePicture } from "./output/live_picture.ts";
import { OutputFailed } from "./output/output.ts";
import { brokerUrls } from "./values/broker_urls.ts";

/** `worktool lab`; `exit` is told the exit code. */
export function labCommand(context: Context, exit: (code: ExitCode) => void) {
  return labFlags().action(async (names, flags, command) =>
    exit(await run(names, flags, command, context))
  );
}

async function run(
  names: readonly string[],
  flags: LabFlags,
  command: CommandUnknownOpts,
  context: Context,
): Promise<ExitCode> {
  const { stdout } = context;
  const [first, ...others] = names;
  if (first === undefined) {
    refuseFlagsBut(["--json"], command, "goes with an experiment: worktool lab round-robin");
    stdout.write(list(flags));
    return ExitCode.ok;
  }
  if (first === "draw") {
    const why = "is for a run: draw shows one that is over, and takes --svg alone";
    refuseFlagsBut(["--svg"], command, why);
    return await drawRecordings(others, flags, context);
  }
  return await runAll(experimentsNamed(names), flags, context);
}

/** What would be ignored without a word is refused. @throws {UsageError} */
function refuseFlagsBut(
  taken: readonly string[],
  command: CommandUnknownOpts,
  why: string,
): void {
  const flag = firstGiven(command.options.filter(({ long }) => !taken.includes(long!)), command);
  if (flag !== undefined) throw new UsageError(`${flag} ${why}`);
}

/** @throws {UsageError} */
function experimentsNamed(names: readonly string[]): readonly Experiment[] {
  if (names.includes("all")) {
    if (names.length === 1) return EXPERIMENTS;
    throw new UsageError("all is all of them: it takes no other name beside it");
  }
  return names.map((name) => {
    const experiment = EXPERIMENTS.find((one) => one.name === name);
    if (experiment !== undefined) return experiment;
    const known = EXPERIMENTS.map(({ name }) => name).join(", ");
    throw new UsageError(`there is no experiment '${name}': ${known}, or all`);
  });
}

function list({ json }: LabFlags): string {
  return EXPERIMENTS.map((experiment) =>
    json ? listedJson(experiment) : `${experiment.name.padEnd(17)} ${experiment.title}\n`
  ).join("");
}

async function runAll(
  experiments: readonly Experiment[],
  flags: LabFlags,
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr, stop } = context;
  const { url: urls = [] } = flags;
  if (flags.restartCommand !== undefined && urls.length !== 1) {
    throw new UsageError(
      "--restart-command goes with one --url: the lab restarts its own broker itself",
    );
  }
  checkFlags(experiments, flags);
  for (const url of urls) brokerUrls([url], {}); // it may be malformed
  const reports: ExperimentReport[] = [];
  let running: Experiment | undefined;
  try {
    await makeLabFiles(flags);
    for (running of experiments) {
      const report = await runOne(running, flags, context);
      if (report !== undefined) reports.push(report);
      await stdout.flushed(); // nobody may be reading any more
    }
    await writeLabFiles(reports, flags, context);
  } catch (error) {
    if (stop.aborted) {
      if (reports.length > 0) await writeLabFiles(reports, flags, context);
      stderr.write(`worktool: stopped during ${running?.name}; its queues are deleted\n`);
      return ExitCode.failed;
    }
    if (error instanceof OutputFailed) return ExitCode.ok; // run() tells of it
    const { message, exitCode } = explained(error);
    stderr.write(`worktool: ${message}\n`);
    return exitCode;
  }
  if (reports.some(({ verdict }) => verdict === "not so")) return ExitCode.failed;
  // What was asked for by its name did not happen.
  const missing = experiments.length < EXPERIMENTS.length && reports.length < experiments.length;
  return missing ? ExitCode.expectationMissed : ExitCode.ok;
}

/** What would be ignored without a word is refused. @throws {UsageError} */
function checkFlags(
  experiments: readonly Experiment[],
  { svg, record, tasks, url = [] }: LabFlags,
): void {
  const names = experiments.map(({ name }) => name).join(", ");
  const pictured = experiments.filter(({ hasPicture }) => hasPicture);
  if (svg !== undefined && experiments.length > 1) {
    throw new UsageError("--svg is one picture: name one experiment, or make a page with --html");
  }
  if ((svg ?? record) !== undefined && pictured.length === 0) {
    throw new UsageError(`there is nothing to draw of ${names}: --svg and --record are of no use`);
  }
  if (tasks !== undefined && !experiments.some(({ takesTasks }) => takesTasks)) {
    throw new UsageError(`--tasks: the tasks of ${names} are fixed`);
  }
  if (url.length > 1 && experiments.some(({ comparesBrokers }) => !comparesBrokers)) {
    throw new UsageError("--url twice is for releases, which compares two brokers");
  }
}

/** @returns undefined where it cannot be run this way */
async function runOne(
  experiment: Experiment,
  { json, url: urls = [], ...flags }: LabFlags,
  context: Context,
): Promise<ExperimentReport | undefined> {
  const { stdout, version, stop } = context;
  if (!json) stdout.write(experimentHeading(experiment.title));
  using live = !json && context.stdoutIsTerminal()
    ? new LivePicture(stdout, () => labTextFormat(context))
    : undefined;
  const result = await runExperiment(experiment, {
    dotMs: flags.dot,
    tasks: flags.tasks,
    repeat: flags.repeat,
    urls,
    restartCommand: flags.restartCommand,
    brokerFlags: urls.length === 0 ? ["--like", flags.like] : [],
    version,
    stop,
    onRun: (soFar) => live?.watch(soFar),
  });
  live?.clear();
  if (result.kind === "unable") {
    stdout.write(json ? unableJson(result) : `  Not run: ${result.why}\n\n`);
    return undefined;
  }
  const { report } = result;
  stdout.write(json ? experimentJson(report) : experimentText(report, labTextFormat(context)));
  return report;
}

/** @throws what nobody foresaw */
function explained(error: unknown): { message: string; exitCode: ExitCode } {
  if (error instanceof WorktoolEnded) {
    // It has said what is wrong, in worktool's own words.
    return {
      message: error.message.replace(/^worktool: /, ""),
      exitCode: Object.values(ExitCode).find((code) => code === error.exit.code) ?? ExitCode.failed,
    };
  }
  if (error instanceof RestartFailed || error instanceof FileFailed) {
    return { message: error.message, exitCode: ExitCode.failed };
  }
  if (!(error instanceof BrokerFailed)) throw error;
  const { message, remedies, exitCode } = explain(error.cause, {
    ...{ command: "lab", queue: "lab", durable: true, ownAuthority: false },
    ...placeOf(parseBrokerUrl(error.url)),
  });
  return { message: [message, ...remedies].join("\n  - "), exitCode };
}
