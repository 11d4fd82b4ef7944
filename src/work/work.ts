import process from "node:process";
import { type QueueRequest, TaskQueue } from "../amqp/task_queue.ts";
import type { HealthAddress } from "./health/health_address.ts";
import type { HealthServer } from "./health/health_server.ts";
import type {
  CommandOptions,
  CommandOutputMode,
  CommandRunner,
  OnOutput,
  OutputStream,
} from "./exec/command_runner.ts";
import type { Environment } from "./exec/task_environment.ts";
import { dotsHandler, type DotsOptions } from "./dots.ts";
import type { WorkEvent, WorkSummary } from "./work_event.ts";
import { CommandUnusable } from "./outcome.ts";
import type { SessionOptions } from "./session.ts";
import { runWorker } from "./worker.ts";
import type { WorkerOptions, WorkReport } from "./worker_options.ts";

/** The tutorial's pretended work. */
export type PretendedWork = Omit<DotsOptions, "crash">;

/** A command for each task. */
export interface CommandWork extends Omit<CommandOptions, "queue" | "environment" | "output"> {
  readonly output: CommandOutputMode["mode"];
}

/** One run of `worktool work`, by parts; each is declared where it is used. */
export interface WorkOptions
  extends
    Pick<SessionOptions, "connection" | "consume" | "retry">,
    Pick<WorkerOptions, "reconnection" | "ackMode" | "concurrency" | "rules" | "graceMs"> {
  readonly queue: QueueRequest;
  readonly work: PretendedWork | CommandWork;
  /** Of worktool itself, for commands. */
  readonly environment: Environment;
  readonly health?: HealthAddress;
}

/** What a worker needs from the outside. */
export interface WorkContext extends WorkReport {
  readonly stop: AbortSignal;
  readonly onOutput: OnOutput;
  /** Whether lines of other commands, or of worktool, come between those of one stream. */
  readonly mixed: (stream: OutputStream) => boolean;
  /** Health is answered for at this port. */
  readonly onHealth: (port: number) => void;
  /** Ends this process as `kill -9` does. */
  readonly crash: () => Promise<never>;
}

/**
 * `worktool work`. Failures of the worker are part of the summary: what was done before them
 * counts.
 *
 * @throws {CommandUnusable} the command is missing, or cannot be run
 * @throws {CannotListen} the address for health cannot be had
 */
export async function work(
  options: WorkOptions,
  context: WorkContext,
): Promise<WorkSummary> {
  const { work, health } = options;
  if ("file" in work) await checkCommand(work, options.environment);
  await using observed = health && await observeHealth(options, health);
  if (observed) context.onHealth(observed.server.port);
  const onEvent = (event: WorkEvent) => {
    observed?.observe(event);
    context.onEvent(event);
  };
  const queue = new TaskQueue(options.queue, {
    onFound: (queue) => onEvent({ event: "found", queue }),
  });
  const { connection, consume, retry, reconnection, ackMode, concurrency, rules, graceMs } =
    options;
  const workerOptions = {
    session: { connection, queue, consume, ...(retry && { retry }), usedRetryQueues: new Map() },
    reconnection,
    ackMode,
    concurrency,
    rules,
    graceMs,
    stop: context.stop,
    report: { onEvent, reported: context.reported },
  };
  if (!("file" in work)) {
    const handler = dotsHandler({ ...work, crash: context.crash });
    return await runWorker({ ...workerOptions, handler });
  }
  await using runner = await commandRunner(options, work, context);
  const killAll = () => runner.killAll();
  process.on("exit", killAll); // the second signal ends this process at once
  try {
    return await runWorker({ ...workerOptions, handler: runner.handle });
  } finally {
    process.off("exit", killAll);
  }
}

/** What is wrong with a command whatever the task shall show before one is taken. */
async function checkCommand(
  { file, exitRules }: CommandWork,
  environment: WorkOptions["environment"],
): Promise<void> {
  const { commandProblem } = await import("./exec/find_command.ts");
  const problem = commandProblem(file, environment.PATH);
  if (!problem) return;
  const { outcomeOf } = await import("./exec/task_end.ts");
  const outcome = outcomeOf(exitRules, problem);
  if (outcome.kind === "stop") throw new CommandUnusable(outcome.failure, { taskTaken: false });
}

/** Loaded on need: the tutorial's worker shall start at once. */
async function commandRunner(
  { queue, environment }: WorkOptions,
  { output: mode, ...work }: CommandWork,
  { onOutput, mixed }: WorkContext,
): Promise<CommandRunner> {
  const { CommandRunner } = await import("./exec/command_runner.ts");
  const output = mode === "prefix" ? { mode, onOutput, mixed } : { mode };
  return new CommandRunner({ ...work, queue: queue.name, environment, output });
}

async function observeHealth({ queue, consume }: WorkOptions, address: HealthAddress) {
  const { HealthServer } = await import("./health/health_server.ts");
  const { Metrics } = await import("./health/metrics.ts");
  const metrics = new Metrics({ queue: queue.name, worker: consume.consumerTag });
  const server: HealthServer = await HealthServer.listen(address, metrics);
  return {
    server,
    observe: (event: WorkEvent) => metrics.observe(event),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
