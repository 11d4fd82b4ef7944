import type { ConfirmChannel, Message, Options } from "amqplib";
import { consume, get, send } from "./client.ts";

/** A new exclusive queue that holds these messages, once they are confirmed. */
export async function holding(channel: ConfirmChannel, ...bodies: string[]): Promise<string> {
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, ...bodies);
  await channel.waitForConfirms();
  return queue;
}

/** The bodies "0", "1", "2" and so on. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i}`);
}

/** A new exclusive queue and the one that its dead letters go to. */
export async function withDeadLetters(
  channel: ConfirmChannel,
  options: Options.AssertQueue = {},
): Promise<{ queue: string; dead: string }> {
  const dead = (await channel.assertQueue("", { exclusive: true })).queue;
  const letters = { exclusive: true, deadLetterExchange: "", deadLetterRoutingKey: dead };
  const { queue } = await channel.assertQueue("", { ...letters, ...options });
  return { queue, dead };
}

/** Rejects the queue's first message and waits for it as a dead letter. */
export async function rejected(
  channel: ConfirmChannel,
  { queue, dead }: { queue: string; dead: string },
): Promise<Message> {
  const deliveries = await consume(channel, dead);
  channel.reject(await get(channel, queue, {}), false);
  const letter = await deliveries.next();
  await channel.cancel(deliveries.consumerTag);
  return letter;
}

/** The deaths that a dead letter's header tells, newest first. */
export function deaths(message: Message): Record<string, unknown>[] {
  const death: unknown = message.properties.headers?.["x-death"];
  return (death ?? []) as Record<string, unknown>[];
}
