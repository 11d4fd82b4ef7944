/** A durable queue with bodies that are told apart, in the data directory of a broker. */
import assert from "node:assert/strict";
import { type Exit, Worktool } from "../support/worktool.ts";
import { confirmed, drain } from "../conformance/client.ts";
import { BrokerProcess } from "../support/broker_process.ts";

export const DATABASE = "broker.sqlite";
export const LOG = `${DATABASE}-wal`;
export const RECORD = `${DATABASE}-commits`;
/** Exit code of a broker that does not start. */
export const UNAVAILABLE = 69;
export const MESSAGES = 40;
export const bodies = Array.from({ length: MESSAGES }, (_, index) => `<${index}>`.padEnd(300, "x"));

/** Starts a broker that must end by itself. */
export async function startOn(directory: string): Promise<Exit> {
  return await Worktool.run(["broker", "--port", "0", "--data", directory]);
}

export async function fillAndStop(directory: string): Promise<void> {
  await using broker = await BrokerProcess.start(directory);
  await publish(broker, bodies);
  assert.equal((await broker.stop()).code, 0);
}

export async function publish(
  broker: BrokerProcess,
  bodies: readonly string[],
  onConfirmed = async () => {},
): Promise<void> {
  const connection = await broker.connect();
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("queue", { durable: true, maxLength: 1_000_000 });
  for (const body of bodies) {
    await confirmed(channel, { routingKey: "queue" }, body, { persistent: true });
    await onConfirmed();
  }
  await connection.close();
}

/** The bodies in the queue, taken out; none when the queue is lost. */
export async function contents(broker: BrokerProcess): Promise<string[]> {
  const connection = await broker.connect();
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("queue", { durable: true, maxLength: 1_000_000 });
  const bodies = await drain(channel, "queue");
  await connection.close();
  return bodies;
}

export async function alter(path: string, change: (bytes: Uint8Array) => void): Promise<void> {
  const bytes = await Deno.readFile(path);
  change(bytes);
  await Deno.writeFile(path, bytes);
}

/**
 * Fills the queue, a transaction a message, and ends the broker as a crash would: all of it is in
 * the log.
 * @returns the size of the log after each message, in octets
 */
export async function fillAndKill(directory: string): Promise<number[]> {
  for (let tries = 0; tries < 5; tries++) {
    const sizes = await tryFillAndKill(directory);
    // Seconds after the first message the log is copied into the database.
    if (sizes.every((size, index) => size > (sizes[index - 1] ?? 0))) return sizes;
    for (const name of [DATABASE, LOG, RECORD]) await Deno.remove(`${directory}/${name}`);
  }
  throw new Error(`${MESSAGES} messages take too long here to be in the log together`);
}

async function tryFillAndKill(directory: string): Promise<number[]> {
  const sizes: number[] = [];
  await using broker = await BrokerProcess.start(directory);
  await publish(broker, bodies, async () => {
    sizes.push((await Deno.stat(`${directory}/${LOG}`)).size);
  });
  broker.kill();
  await broker.exited;
  return sizes;
}
