import { AmqpError } from "../amqp/errors.ts";
import type { Experiment, ExperimentOptions, Facts, Observed, Variant } from "./experiment.ts";
import type { ExperimentReport } from "./experiment_report.ts";
import type { Recording } from "./recording.ts";
import { Control } from "./stage/control.ts";
import { GivenBroker, type LabBroker, OwnBroker } from "./stage/lab_broker.ts";
import { Stage } from "./stage/stage.ts";

export interface LabOptions extends Pick<ExperimentOptions, "dotMs" | "tasks"> {
  /** How often each variant runs. */
  readonly repeat: number;
  /** The brokers to use, mostly one; none for one of the lab's own for each run. */
  readonly urls: readonly string[];
  /** How a given broker is restarted, for the shell. */
  readonly restartCommand: string | undefined;
  /** Flags of `worktool broker` for the lab's own. */
  readonly brokerFlags: readonly string[];
  readonly version: string;
  readonly stop: AbortSignal;
  /** A run begins that can be drawn: what has happened in it by then, whenever it is asked. */
  readonly onRun: (soFar: () => Recording) => void;
}

/** One experiment that was run, or why it was not. */
export type LabResult =
  | { readonly kind: "report"; readonly report: ExperimentReport }
  | {
    readonly kind: "unable";
    readonly name: string;
    readonly title: string;
    readonly why: string;
  };

/** The lab itself cannot reach its broker, or was refused something. */
export class BrokerFailed extends Error {
  override readonly name = "BrokerFailed";
  readonly url: string;

  constructor(url: string, cause: AmqpError) {
    super(cause.message, { cause });
    this.url = url;
  }
}

/** Runs an experiment: its variants in turn, round after round, so that noise hits them alike. */
export async function runExperiment(
  experiment: Experiment,
  options: LabOptions,
): Promise<LabResult> {
  const { name, title, claim, source, question } = experiment;
  const how: ExperimentOptions = {
    dotMs: options.dotMs,
    tasks: options.tasks,
    ownBroker: options.urls.length === 0,
    givenBrokers: options.urls.length,
    canRestart: options.urls.length === 0 || options.restartCommand !== undefined,
  };
  const why = experiment.unable?.(how);
  if (why !== undefined) return { kind: "unable", name, title, why };
  const variants = experiment.variants(how);
  const runs = variants.map(() => ({ recordings: [] as Recording[], facts: [] as Facts[] }));
  let broker = "";
  for (let round = 0; round < options.repeat; round++) {
    for (const [at, variant] of variants.entries()) {
      options.stop.throwIfAborted();
      const run = await runVariant(experiment, variant, options);
      broker = run.recording.broker;
      runs[at]!.facts.push(run.facts);
      runs[at]!.recordings.push(run.recording);
    }
  }
  const observed: Observed[] = variants.map(({ name }, at) => ({ name, ...runs[at]! }));
  const { verdict, because, tables, charts = [] } = experiment.conclude(observed, how);
  return {
    kind: "report",
    report: {
      ...{ name, title, claim, source, question, broker, verdict, because, tables, charts },
      variants: variants.map(({ name }, at) => ({
        name,
        commands: runs[at]!.recordings[0]!.commands,
        recordings: experiment.hasPicture ? runs[at]!.recordings : [],
      })),
    },
  };
}

/** @throws {BrokerFailed} */
async function runVariant(
  { name: experiment, hasPicture }: Experiment,
  variant: Variant,
  options: LabOptions,
): Promise<{ facts: Facts; recording: Recording }> {
  const flags = [...options.brokerFlags, ...variant.brokerFlags ?? []];
  await using lab = await openBroker(options, variant.givenBroker ?? 0, flags);
  try {
    const control = new Control(lab.url, options);
    const broker = await control.brokerName();
    await using stage = new Stage({
      broker: lab,
      control,
      dotMs: options.dotMs,
      brokerFlags: variant.brokerFlags ?? [],
      stop: options.stop,
      of: { experiment, variant: variant.name, broker },
    });
    if (hasPicture) options.onRun(() => stage.recordingSoFar);
    const facts = await variant.run(stage);
    return { facts, recording: stage.recording };
  } catch (error) {
    throw error instanceof AmqpError ? new BrokerFailed(lab.url, error) : error;
  }
}

async function openBroker(
  { urls, restartCommand }: LabOptions,
  at: number,
  flags: readonly string[],
): Promise<LabBroker> {
  const url = urls[at];
  return url === undefined
    ? await OwnBroker.start({ flags })
    : new GivenBroker(url, restartCommand);
}
