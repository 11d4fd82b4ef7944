import { setTimeout } from "node:timers/promises";
import type { AmqpPeer } from "../../tests/support/amqp_peer.ts";
import type { Attack } from "./attack.ts";
import { AttackedBroker, BrokerEnded } from "./attacked_broker.ts";
import { attacker, CHANNEL } from "./load.ts";
import { problemOf } from "./problem.ts";
import { scratchDirectory } from "./scratch_directory.ts";

/** An attack that lasts longer is cut off, in milliseconds. */
const CUT_OFF_MS = 60_000;
/** A broker that lives so long after the attack has survived it, in milliseconds. */
const AFTERMATH_MS = 1_000;

/** Two clients on a broker that should not die. */
export interface Crash {
  readonly name: string;
  readonly sentence: string;
  /** The attacker has channel 1 open. The innocent client may be made to step on what it left. */
  attack(clients: { attacker: AmqpPeer; innocent: AmqpPeer }, stop: AbortSignal): Promise<void>;
}

/** Sees whether the broker and an innocent client survive, and whether the broker starts again. */
export function crash({ name, sentence, attack }: Crash): Attack {
  return {
    name,
    sentence,
    async run({ executable, stop }) {
      await using directory = await scratchDirectory();
      const over = AbortSignal.any([stop, AbortSignal.timeout(CUT_OFF_MS)]);
      let problem: string | undefined;
      let exitCode: number | undefined;
      let hurt: string | undefined;
      {
        await using broker = await AttackedBroker.start(executable, directory.path);
        await using attacking = await attacker(broker.url, over);
        await using innocent = await attacker(broker.url, over);
        await attack({ attacker: attacking, innocent }, over).catch((error) => {
          problem = problemOf(error);
        });
        await setTimeout(AFTERMATH_MS);
        exitCode = broker.exitCode;
        hurt = await served(innocent);
      }
      const restarted = await restart(executable, directory.path, stop);
      const survived = exitCode === undefined ? "survives" : `exits ${exitCode}`;
      const unhurt = hurt === undefined ? "the innocent client unhurt" : `it is hurt: ${hurt}`;
      const again = restarted === undefined ? "restarts" : `restart: ${restarted}`;
      const said = problem === undefined ? "" : `; the attacker: ${problem}`;
      return {
        measured: `${survived}; ${unhurt}; ${again}${said}`,
        goal: "survives; unhurt; restarts",
        met: [problem, exitCode, hurt, restarted].every((one) => one === undefined),
        figures: {
          survived: exitCode === undefined,
          innocentUnhurt: hurt === undefined,
          restarts: restarted === undefined,
        },
      };
    },
  };
}

/** What a client hears in place of an answer; undefined when it is served. It goes afterwards. */
async function served(client: AmqpPeer): Promise<string | undefined> {
  try {
    await using _ = client;
    await client.call(CHANNEL, "queue.declare", { exclusive: true });
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}

/** What keeps a broker from its data; undefined when it starts, serves and goes on. */
async function restart(
  executable: string,
  directory: string,
  stop: AbortSignal,
): Promise<string | undefined> {
  try {
    await using broker = await AttackedBroker.start(executable, directory);
    const heard = await attacker(broker.url, stop).then(served, problemOf);
    await setTimeout(AFTERMATH_MS);
    return broker.exitCode === undefined ? heard : `exits ${broker.exitCode}`;
  } catch (error) {
    if (error instanceof BrokerEnded) return `exits ${error.code}`;
    throw error;
  }
}
