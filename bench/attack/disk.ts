import type { Attack } from "./attack.ts";
import { AttackedBroker, BrokerEnded } from "./attacked_broker.ts";
import { attacker } from "./load.ts";
import { NumberedMessages } from "./numbered_messages.ts";
import { scratchDirectory } from "./scratch_directory.ts";

/** What a broker says that has found damage. */
const TOLD = /damag|missing|corrupt|lost|alter|deleted|moved|replaced|not a database|checksum/i;

/** An attack on the files of a broker. */
export interface DiskAttack {
  readonly name: string;
  readonly sentence: string;
  /**
   * Publishes, and does harm to the data. The broker is killed afterwards, if it still runs, and
   * started again.
   */
  attack(
    broker: AttackedBroker,
    messages: NumberedMessages,
    directory: string,
    stop: AbortSignal,
  ): Promise<void>;
}

/** Sees what comes back of what was confirmed, and whether somebody is told of the rest. */
export function diskAttack({ name, sentence, attack }: DiskAttack): Attack {
  return {
    name,
    sentence,
    async run({ executable, stop }) {
      await using directory = await scratchDirectory();
      const { path } = directory;
      const messages = new NumberedMessages();
      let said = "";
      {
        await using broker = await AttackedBroker.start(executable, path);
        await attack(broker, messages, path, stop);
        await broker.kill();
        said = saidIn(await broker.log());
      }
      const restarted = await lookAgain(executable, path, messages, stop);
      said ||= restarted.said;
      const missing = messages.confirmed - restarted.whole;
      const silently = said === "" ? missing : 0;
      return {
        measured: `${restarted.whole} of ${messages.confirmed} confirmed come back` +
          (restarted.altered > 0 ? `, ${restarted.altered} ALTERED` : "") +
          (messages.refused > 0 ? `, ${messages.refused} were not confirmed` : "") +
          `; ${silently} lost silently; ${said === "" ? "says nothing" : `says "${said}"`}`,
        goal: "0 lost silently, 0 altered",
        met: silently === 0 && restarted.altered === 0,
        figures: {
          confirmed: messages.confirmed,
          refused: messages.refused,
          back: restarted.whole,
          altered: restarted.altered,
          lostSilently: silently,
          said,
        },
      };
    },
  };
}

interface Return {
  readonly whole: number;
  readonly altered: number;
  readonly said: string;
}

/** Starts it again, against its will where it has one, and takes all messages. */
async function lookAgain(
  executable: string,
  directory: string,
  messages: NumberedMessages,
  stop: AbortSignal,
): Promise<Return> {
  let refusal = "";
  for (const flags of [[], ["--accept-damage"]]) {
    try {
      await using broker = await AttackedBroker.start(executable, directory, flags);
      await using client = await attacker(broker.url, stop);
      const taken = await messages.takeAll(client);
      return { ...taken, said: refusal || saidIn(await broker.log()) };
    } catch (error) {
      if (!(error instanceof BrokerEnded)) throw error;
      refusal ||= shortened(error.log);
    }
  }
  return { whole: 0, altered: 0, said: refusal };
}

/** The first line of a log that tells of damage. */
function saidIn(log: string): string {
  return shortened(log.split("\n").find((line) => TOLD.test(line)) ?? "");
}

function shortened(text: string): string {
  const line = text.trim().replace(/\/tmp\/[^/"]*\//g, "").replace(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 120)} …` : line;
}
