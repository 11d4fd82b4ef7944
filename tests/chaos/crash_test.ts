/** `kill -9` of the broker at any moment, again and again on the same data. */
import assert from "node:assert/strict";
import type { Channel, ConsumeMessage } from "amqplib";
import { within } from "../support/deadline.ts";
import { Inbox } from "../support/inbox.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { CrashLedger } from "./crash_ledger.ts";
import { CrashLoad, idOf, type Moment, MOMENTS } from "./crash_load.ts";
import { ScratchDirectory } from "./scratch_directory.ts";
import { SeededRandom } from "./seeded_random.ts";

const ROUNDS = 25;
/** A round is over at the latest of so many moments of its kind. */
const MOST_MOMENTS = 500;
/** About as many looks at a file as a start takes. */
const LOOKS_DURING_START = 400;
const DEADLINE_MS = 60_000;

Deno.test(`${ROUNDS} crashes lose nothing that was confirmed and bring back nothing that was settled`, async () => {
  const random = SeededRandom.printed(`${ROUNDS} crashes`);
  const ledger = new CrashLedger();
  await using directory = await ScratchDirectory.make();
  let open = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (random.below(5) === 0) await crashDuringStart(directory.path, random);
    await using broker = await BrokerProcess.start(directory.path);
    const found = await contents(broker);
    try {
      open = ledger.inspect(found);
    } catch (error) {
      throw new Error(`round ${round} with WORKTOOL_CHAOS_SEED=${random.seed}`, { cause: error });
    }
    await crashUnderLoad(broker, ledger, round, random);
  }
  // What the last crash left outlives an orderly stop too.
  for (const end of ["stop", "kill"] as const) {
    await using broker = await BrokerProcess.start(directory.path);
    const left = ledger.inspect(await contents(broker));
    assert(left > 0 || open === 0);
    if (end === "stop") assert.equal((await broker.stop()).code, 0);
  }
});

/** Kills it at some moment between exec and its URL. */
async function crashDuringStart(directory: string, random: SeededRandom): Promise<void> {
  await using worktool = BrokerProcess.launch(directory);
  const looks = random.below(LOOKS_DURING_START);
  for (let look = 0; look < looks; look++) await Deno.stat(directory);
  worktool.kill("SIGKILL");
  await worktool.exited;
}

/** Two publishers and two consumers at work, until the moment comes or they are done. */
async function crashUnderLoad(
  broker: BrokerProcess,
  ledger: CrashLedger,
  round: number,
  random: SeededRandom,
): Promise<void> {
  const last: Moment = random.pick(MOMENTS);
  let left = 1 + random.below(MOST_MOMENTS);
  const load = new CrashLoad(broker, ledger, random, (moment) => {
    if (moment === last && --left === 0) broker.kill();
  });
  const started = [0, 1].map((index) => load.consume(`${round}.c${index}`));
  const published = [0, 1].map((index) => load.publish(`${round}.p${index}`));
  const done = Promise.all([...started, ...published]).then(() => broker.kill(), () => {});
  await within(Promise.race([broker.exited, done]), "the moment of the crash", DEADLINE_MS);
  await broker.exited;
}

/** Declares the queues and lists what they hold; all of it stays there. */
async function contents(broker: BrokerProcess): Promise<{ work: string[]; dead: string[] }> {
  const connection = await broker.connect();
  const channel = await connection.createChannel();
  await channel.assertQueue("dead", { durable: true });
  await channel.assertQueue("work", {
    durable: true,
    deadLetterExchange: "",
    deadLetterRoutingKey: "dead",
  });
  const found = { work: await list(channel, "work"), dead: await list(channel, "dead") };
  await connection.close(); // all of it is given back, in its place
  return found;
}

async function list(channel: Channel, queue: string): Promise<string[]> {
  const { messageCount } = await channel.checkQueue(queue);
  const deliveries = new Inbox<ConsumeMessage>();
  await channel.consume(queue, (message) => deliveries.push(message!));
  const ids: string[] = [];
  while (ids.length < messageCount) ids.push(idOf((await deliveries.next("a delivery")).content));
  return ids;
}
