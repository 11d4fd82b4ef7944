import { randomBytes } from "node:crypto";
import type { Recording } from "../recording.ts";
import { commandText } from "./command_text.ts";
import type { Control } from "./control.ts";
import { Guard } from "./guard.ts";
import { type LabBroker, RestartFailed, type RestartKind } from "./lab_broker.ts";
import { type Missing, Recorder, type Source, type ToldEvent } from "./recorder.ts";
import { WorktoolEnded, type WorktoolExit, WorktoolProcess } from "./worktool_process.ts";

export interface StageOptions {
  readonly broker: LabBroker;
  readonly control: Control;
  readonly dotMs: number;
  /** Flags of the broker that matter here. */
  readonly brokerFlags: readonly string[];
  /** Aborted when the lab is told to stop. */
  readonly stop: AbortSignal;
  /** What the recording is of. */
  readonly of: Pick<Recording, "experiment" | "variant" | "broker">;
}

/** What a command's last event says; docs/events.md. */
export interface RunCounts {
  readonly sent?: number;
  readonly confirmed?: number;
  readonly elapsedMs?: number;
}

/**
 * Where one variant of an experiment runs: its queue, senders and workers, each a worktool of its
 * own, and the recording of what they do. Whoever makes it disposes of it; then nothing is left.
 */
export class Stage implements AsyncDisposable {
  readonly queue = `lab-${randomBytes(3).toString("hex")}`;
  readonly #options: StageOptions;
  readonly #recorder = new Recorder(Date.now());
  readonly #commands: string[] = [];
  readonly #workers = new Map<string, WorktoolProcess>();
  readonly #names: string[] = [];
  readonly #queues = new Set([this.queue]);
  readonly #counts = new Map<string, number>();
  /** How the worker ended that ended last. */
  #lastExit: WorktoolExit | undefined;
  /** Called when something happened. */
  readonly #onChange = new Set<() => void>();

  constructor(options: StageOptions) {
    this.#options = options;
    const { brokerFlags } = options;
    if (brokerFlags.length > 0) this.#commands.push(commandText(["broker", ...brokerFlags]) + " &");
  }

  /** Another queue of this run. */
  anotherQueue(suffix: string): string {
    const queue = `${this.queue}-${suffix}`;
    this.#queues.add(queue);
    return queue;
  }

  /** Starts a worker on the queue; resolves when it consumes. @throws {WorktoolEnded} */
  async work(worker: string, flags: readonly string[] = []): Promise<void> {
    const own = ["--queue", this.queue, "--name", worker, ...flags];
    const source: Source = {
      worker,
      forgets: flags.some((flag, at) => flag === "auto" && flags[at - 1] === "--ack"),
    };
    const args = ["work", ...own, "--dot", `${this.#options.dotMs}ms`];
    const process = this.#start(args, source, { inBackground: true });
    if (!this.#names.includes(worker)) this.#names.push(worker);
    this.#workers.set(worker, process);
    this.#recorder.stage("worker-started", worker);
    const guard = new Guard(process.pid);
    void process.ended.then((exit) => {
      guard[Symbol.dispose]();
      this.#hasEnded(worker, exit);
    });
    await process.event("waiting");
  }

  #hasEnded(worker: string, exit: WorktoolExit): void {
    this.#lastExit = exit;
    this.#workers.delete(worker);
    this.#recorder.stage(exit.code === 137 ? "worker-killed" : "worker-stopped", worker);
    this.#changed();
  }

  /** Sends these tasks, one line each, to its end; their numbers go on from those sent before. */
  async send(tasks: readonly string[], flags: readonly string[] = []): Promise<WorktoolExit> {
    this.#recorder.expect(tasks);
    const [only, ...others] = tasks;
    const lines = others.length > 0 || only === undefined;
    const args = ["send", "--queue", this.queue, ...flags, ...lines ? ["--lines"] : [only]];
    const input = lines ? tasks.map((task) => `${task}\n`).join("") : undefined;
    await using process = this.#start(args, {}, { input });
    return await process.ended;
  }

  /** Runs a command whose tasks are not drawn to its end; `onEvent` is told what it tells. */
  async run(
    args: readonly string[],
    { onEvent }: { readonly onEvent?: (told: ToldEvent) => void } = {},
  ): Promise<WorktoolExit & { readonly counts: RunCounts }> {
    await using process = this.#start(args, {}, { onEvent });
    const exit = await process.ended;
    const counts = await process.event("stopped").catch(() => ({}));
    return { ...exit, counts: counts as RunCounts };
  }

  /** How many events of this name were told. */
  count(event: string): number {
    return this.#counts.get(event) ?? 0;
  }

  /** How many messages are ready in a queue of this run; undefined where it is gone. */
  async ready(queue: string = this.queue): Promise<number | undefined> {
    this.#options.stop.throwIfAborted();
    return await this.#options.control.ready(queue);
  }

  #start(
    args: readonly string[],
    source: Source,
    { input, inBackground = false, onEvent }: {
      input?: string | undefined;
      inBackground?: boolean;
      onEvent?: ((told: ToldEvent) => void) | undefined;
    } = {},
  ): WorktoolProcess {
    const { stop } = this.#options;
    stop.throwIfAborted();
    this.#commands.push(commandText(args, input) + (inBackground ? " &" : ""));
    const process = new WorktoolProcess(args, {
      env: { AMQP_URL: this.#options.broker.url },
      ...(input === undefined ? {} : { input }),
      onEvent: (told) => {
        this.#counts.set(told.event, this.count(told.event) + 1);
        this.#recorder.tell(source, told);
        onEvent?.(told);
        this.#changed();
      },
    });
    const end = () => process.kill("SIGTERM");
    stop.addEventListener("abort", end, { once: true });
    void process.ended.finally(() => stop.removeEventListener("abort", end)).catch(() => {});
    return process;
  }

  /** Resolves when so many tasks are done. @throws {WorktoolEnded} no worker is left to do them */
  async done(count: number): Promise<void> {
    await this.#until(() => this.#recorder.doneCount >= count);
  }

  /**
   * Resolves when that is so, looked at whenever something happens.
   * @throws {WorktoolEnded} the workers have ended, and it is not
   */
  async #until(isSo: () => boolean): Promise<void> {
    const { stop } = this.#options;
    while (!isSo()) {
      stop.throwIfAborted();
      const last = this.#lastExit;
      if (this.#workers.size === 0 && last !== undefined) throw new WorktoolEnded(last);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onChange.add(resolve);
      stop.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      this.#onChange.delete(resolve);
    }
  }

  #changed(): void {
    for (const resolve of this.#onChange) resolve();
  }

  /** SIGTERM, as at the end of a day. */
  async stop(worker: string): Promise<void> {
    this.#commands.push(`# here ${worker} is stopped`);
    this.#workers.get(worker)?.kill("SIGTERM");
    await this.ended(worker);
  }

  async ended(worker: string): Promise<void> {
    await this.#workers.get(worker)?.ended;
  }

  async restartBroker(how: RestartKind): Promise<void> {
    this.#recorder.stage("broker-stopped");
    this.#changed();
    this.#commands.push("# here the broker is ended, and started again");
    const restarted = await this.#options.control.endsWith(() => this.#options.broker.restart(how));
    if (!restarted) throw new RestartFailed("connections from before it are still open");
    this.#recorder.stage("broker-started");
    this.#changed();
  }

  /** Stops the workers, and looks what is left in the queue. */
  async close(missing: Missing = "lost"): Promise<void> {
    for (const [worker, process] of [...this.#workers]) {
      process.kill("SIGTERM");
      await this.ended(worker);
    }
    const found = await this.#options.control.bodies(this.queue) ?? [];
    this.#recorder.close(found, missing);
  }

  /** What happened. */
  get recording(): Recording {
    const { untilMs: _, ...recording } = this.recordingSoFar;
    return recording;
  }

  /** What has happened by now, in a run that goes on. */
  get recordingSoFar(): Recording & { readonly untilMs: number } {
    return {
      ...this.#options.of,
      commands: this.#commands,
      dotMs: this.#options.dotMs,
      workers: this.#names,
      tasks: this.#recorder.tasks,
      ...this.#recorder.story(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of [...this.#workers.values()]) await process[Symbol.asyncDispose]();
    await this.#options.control.deleteQueues(this.#queues);
  }
}
