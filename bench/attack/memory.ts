import { setTimeout } from "node:timers/promises";
import type { Attack, AttackContext, Target } from "./attack.ts";
import { AttackedBroker } from "./attacked_broker.ts";
import { problemOf } from "./problem.ts";
import { RabbitMqTarget } from "./rabbitmq_target.ts";
import { scratchDirectory } from "./scratch_directory.ts";
import { memoryOf } from "../process_memory.ts";
import { formatMegabytes } from "../section.ts";

/** What the broker is told to hold at most, in octets. */
const LIMIT_BYTES = 100 * 2 ** 20;
/** What it may need, all in all, in octets. */
const GOAL_BYTES = 1.25 * LIMIT_BYTES + 64e6;
/** A broker that grows further is killed, for the machine's sake, in octets. */
const KILL_BYTES = 3e9;
/** An attack that lasts longer is cut off, in milliseconds. */
const CUT_OFF_MS = 25_000;
/** A broker that has not grown for so long will not grow any more, in milliseconds. */
const STEADY_MS = 8_000;
/** Looks that often, in milliseconds. */
const LOOK_MS = 50;
/** Less than that is no growth, in octets. */
const GROWTH_BYTES = 1e6;

/** An attack on the memory of the broker. */
export interface MemoryAttack {
  readonly name: string;
  readonly sentence: string;
  /** Makes the broker hold as much as it can, until it is stopped; its end is not awaited. */
  attack(target: Target, stop: AbortSignal): Promise<void>;
}

interface Peak {
  readonly peakBytes: number;
  readonly end: "steady" | "cut off" | "killed" | "exited";
  /** Why the attacker could not go on. */
  readonly problem?: string;
}

/** Measures the most that the broker has resident while the attack is under way. */
export function memoryAttack({ name, sentence, attack }: MemoryAttack): Attack {
  return {
    name,
    sentence,
    async run({ executable, rabbitMq, stop }: AttackContext) {
      await using directory = await scratchDirectory();
      const flags = ["--max-memory", "100MiB"];
      let own: Peak;
      {
        await using broker = await AttackedBroker.start(executable, directory.path, flags);
        own = await measure(broker, attack, stop);
      }
      const beside = rabbitMq === undefined
        ? undefined
        : await measureRabbitMq(rabbitMq, attack, stop);
      const withstood = own.end === "steady" || own.end === "cut off";
      return {
        measured: inWords(own),
        goal: `at most ${formatMegabytes(GOAL_BYTES)}`,
        met: withstood && own.peakBytes <= GOAL_BYTES,
        figures: { ...own },
        ...(beside === undefined ? {} : {
          rabbitMq: inWords(beside),
          ratio: own.peakBytes / beside.peakBytes,
        }),
      };
    },
  };
}

async function measureRabbitMq(
  scripts: string,
  attack: MemoryAttack["attack"],
  stop: AbortSignal,
): Promise<Peak> {
  await using node = await RabbitMqTarget.start(scripts, [
    `vm_memory_high_watermark.absolute = ${LIMIT_BYTES}`,
  ]);
  return await measure(node, attack, stop);
}

async function measure(
  target: Target,
  attack: MemoryAttack["attack"],
  stop: AbortSignal,
): Promise<Peak> {
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  let problem: string | undefined;
  const attacking = attack(target, signal).catch((error) => {
    if (!signal.aborted) problem = problemOf(error);
  });
  const peak = await watch(target.pid, signal);
  over.abort();
  await attacking;
  return { ...peak, ...(problem === undefined ? {} : { problem }) };
}

/** Looks at a broker until it does not grow any more, or too much. */
async function watch(pid: number, stop: AbortSignal): Promise<Peak> {
  const from = performance.now();
  let [peakBytes, grownAt] = [0, from];
  while (!stop.aborted) {
    const memory = await memoryOf(pid);
    const now = performance.now();
    if (memory === undefined) return { peakBytes, end: "exited" };
    if (memory.peakBytes > peakBytes + GROWTH_BYTES) [peakBytes, grownAt] = [memory.peakBytes, now];
    if (memory.residentBytes > KILL_BYTES) {
      Deno.kill(pid, "SIGKILL");
      return { peakBytes, end: "killed" };
    }
    if (now - from > CUT_OFF_MS) return { peakBytes, end: "cut off" };
    if (now - grownAt > STEADY_MS) break;
    await setTimeout(LOOK_MS);
  }
  return { peakBytes, end: "steady" };
}

function inWords({ peakBytes, end, problem }: Peak): string {
  const killed = end === "killed" ? " and more: killed" : "";
  const exited = end === "exited" ? "; EXITED" : "";
  const said = problem === undefined ? "" : `; the attacker: ${problem}`;
  return `${formatMegabytes(peakBytes)}${killed}${exited}${said}`;
}
