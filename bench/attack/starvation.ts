import { setTimeout as pause } from "node:timers/promises";
import type { Attack, AttackContext, Target } from "./attack.ts";
import { AttackedBroker } from "./attacked_broker.ts";
import { Bystander, type Waits } from "./bystander.ts";
import { problemOf } from "./problem.ts";
import { RabbitMqTarget } from "./rabbitmq_target.ts";
import { scratchDirectory } from "./scratch_directory.ts";
import { formatMs } from "../section.ts";

/** An attack that lasts longer is cut off, in milliseconds. */
const CUT_OFF_MS = 20_000;
/** The same of what is prepared for it. */
const PREPARED_MS = 40_000;
/** What another client may wait, in milliseconds. */
const GOAL_P99_MS = 100;
const GOAL_MAX_MS = 300;
/** How soon SIGTERM is honoured once the attackers are gone, in milliseconds. */
const GOAL_STOP_MS = 1_000;

/** An attack on the time that others get. */
export interface Starvation {
  readonly name: string;
  readonly sentence: string;
  /** What is there before, not measured. */
  prepare?(target: Target, stop: AbortSignal): Promise<void>;
  /** Resolves when the broker has done all that it was made to do. */
  attack(target: Target, stop: AbortSignal): Promise<void>;
}

interface Measurement extends Waits {
  /** The attack's whole duration, in milliseconds. */
  readonly wholeMs: number;
  readonly cutOff: boolean;
  /** Why the attack could not go on. */
  readonly problem?: string;
}

/** Measures what another client waits while the attack is under way. */
export function starvation({ name, sentence, ...attack }: Starvation): Attack {
  return {
    name,
    sentence,
    async run({ executable, rabbitMq, stop }: AttackContext) {
      await using directory = await scratchDirectory();
      await using broker = await AttackedBroker.start(executable, directory.path);
      const measured = await measure(broker, attack, stop);
      const ended = broker.exitCode;
      const stopMs = await broker.stop();
      const beside = rabbitMq === undefined ? undefined : await measureRabbitMq(
        rabbitMq,
        attack,
        stop,
      );
      const met = ended === undefined && measured.failures === 0 &&
        measured.problem === undefined &&
        measured.p99Ms <= GOAL_P99_MS && measured.maxMs <= GOAL_MAX_MS && stopMs <= GOAL_STOP_MS;
      const exit = ended === undefined ? "" : `; EXITED ${ended}`;
      return {
        measured: `${inWords(measured)}; stops in ${formatMs(stopMs)}${exit}`,
        goal: `p99 ${GOAL_P99_MS} ms, max ${GOAL_MAX_MS} ms, stops in ${formatMs(GOAL_STOP_MS)}`,
        met,
        figures: { ...measured, stopMs },
        ...(beside === undefined ? {} : {
          rabbitMq: inWords(beside),
          ratio: measured.p99Ms / beside.p99Ms,
        }),
      };
    },
  };
}

async function measureRabbitMq(
  scripts: string,
  attack: Pick<Starvation, "prepare" | "attack">,
  stop: AbortSignal,
): Promise<Measurement> {
  await using node = await RabbitMqTarget.start(scripts);
  return await measure(node, attack, stop);
}

async function measure(
  target: Target,
  { prepare, attack }: Pick<Starvation, "prepare" | "attack">,
  stop: AbortSignal,
): Promise<Measurement> {
  const prepared = await limited(
    stop,
    PREPARED_MS,
    (ended) => prepare?.(target, ended),
  );
  using bystander = await Bystander.start(target.url);
  const from = performance.now();
  const unprepared = prepared.cutOff ? "the preparation took too long" : prepared.problem;
  const { cutOff, problem = unprepared } = await limited(
    stop,
    CUT_OFF_MS,
    (ended) => attack(target, ended),
  );
  const wholeMs = performance.now() - from;
  await pause(50); // a round that ended with the attack is told
  return { ...bystander.waits(), wholeMs, cutOff, ...(problem === undefined ? {} : { problem }) };
}

/** Runs it until it ends or is cut off, and waits until its connections are closed. */
async function limited(
  stop: AbortSignal,
  mostMs: number,
  run: (stop: AbortSignal) => Promise<void> | undefined,
): Promise<{ cutOff: boolean; problem?: string }> {
  const limit = new AbortController();
  const end = () => limit.abort();
  const timer = setTimeout(end, mostMs);
  stop.addEventListener("abort", end);
  try {
    await run(limit.signal);
    return { cutOff: limit.signal.aborted };
  } catch (error) {
    return limit.signal.aborted
      ? { cutOff: true } // its connections were cut, and it says so
      : { cutOff: false, problem: problemOf(error) };
  } finally {
    limit.abort();
    clearTimeout(timer);
    stop.removeEventListener("abort", end);
  }
}

function inWords({ p50Ms, p99Ms, maxMs, wholeMs, cutOff, failures, problem }: Measurement): string {
  const refused = failures === 0 ? "" : `, ${failures} turned away`;
  const whole = cutOff ? `> ${formatMs(CUT_OFF_MS)}` : formatMs(wholeMs);
  const broken = problem === undefined ? "" : `; the attacker: ${problem}`;
  return `p50 ${formatMs(p50Ms)}, p99 ${formatMs(p99Ms)}, max ${formatMs(maxMs)}${refused}; ` +
    `whole ${whole}${broken}`;
}
