import type { Release } from "../release.ts";
import type { BasicProperties } from "../wire/content_header.ts";
import {
  type Field,
  type FieldTable,
  integerOf,
  sortedByName,
  textField,
} from "../wire/field_table.ts";
import type { Entry, EntryQueue } from "./entry.ts";
import type { Message } from "./message.ts";
import type { DeathReason } from "./queue_context.ts";

/** A dead letter, and its headers, which took a while to make. */
export interface DeadLetter {
  readonly message: Message;
  readonly headers: FieldTable;
}

/**
 * The message as it goes to the dead-letter exchange: x-death and x-first-death-* tell its history,
 * the expiration is moved into x-death (https://www.rabbitmq.com/docs/dlx#effects).
 * @param atMs time of death, ms since 1970.
 */
export function deadMessage(
  entry: Entry,
  reason: DeathReason,
  atMs: number,
  release: Release,
): DeadLetter {
  const { message, queue } = entry;
  const { deadLetterExchange, deadLetterRoutingKey } = queue.policy;
  const properties = message.properties();
  const headers: FieldTable = new Map(properties.headers ?? []);
  const carbonCopies = headers.get("CC");
  const routingKeys: Field[] = [textField(message.routingKey)];
  if (carbonCopies?.type === "A") {
    routingKeys.push(...carbonCopies.value.filter(({ type }) => type === "S"));
  }
  // A new routing key replaces all the old ones, carbon copies too.
  if (deadLetterRoutingKey !== undefined) headers.delete("CC");
  // What a client wrote there is not the history.
  if (release.deathsOfClients === "replaced" && !message.dead) forgetDeaths(headers);
  recordDeath(headers, properties, message, queue, reason, routingKeys, atMs, release);
  delete properties.expiration;
  properties.headers = sortedByName(headers);
  const letter = message.withProperties(
    properties,
    deadLetterExchange ?? "",
    deadLetterRoutingKey ?? message.routingKey,
  );
  letter.dead = true;
  return { message: letter, headers: properties.headers };
}

function forgetDeaths(headers: FieldTable): void {
  for (const name of headers.keys()) {
    if (/^x-(death$|(first|last)-death-)/.test(name)) headers.delete(name);
  }
}

function deathsOf(headers: FieldTable | undefined): FieldTable[] {
  const deaths = headers?.get("x-death");
  if (deaths?.type !== "A") return [];
  return deaths.value.flatMap((death) => death.type === "F" ? [death.value] : []);
}

function isOf(death: FieldTable, queueName: unknown, reason: unknown): boolean {
  return death.get("queue")?.value === queueName && death.get("reason")?.value === reason;
}

/**
 * One entry for each queue and reason, as RabbitMQ makes them of what old brokers wrote: the first
 * of each, counted where it has no count. Which turns their order round.
 */
function grouped(deaths: readonly FieldTable[]): FieldTable[] {
  if (deaths.length < 2) return [...deaths];
  const groups = Map.groupBy(
    deaths,
    (death) => `${death.get("queue")?.value}\0${death.get("reason")?.value}`,
  );
  return [...groups.values()].map((group): FieldTable => {
    const [death] = group;
    if (death!.has("count")) return death!;
    return new Map([...death!, ["count", { type: "l", value: BigInt(group.length) }]]);
  }).reverse();
}

/** One more than what stands there; a client may have written it, and it wraps as RabbitMQ's. */
function countAfter(count: Field | undefined): bigint {
  const before = typeof count?.value === "bigint" ? count.value : BigInt(integerOf(count) ?? 0);
  return BigInt.asIntN(64, before + 1n);
}

function recordDeath(
  headers: FieldTable,
  properties: BasicProperties,
  message: Message,
  queue: EntryQueue,
  reason: DeathReason,
  routingKeys: Field[],
  atMs: number,
  release: Release,
): void {
  const first = !headers.has("x-death");
  const deaths = release.sortsDeaths ? grouped(deathsOf(headers)) : deathsOf(headers);
  const known = deaths.findIndex((death) => isOf(death, queue.name, reason));
  let death: FieldTable;
  if (known >= 0) {
    death = new Map(deaths.splice(known, 1)[0]);
    death.set("count", { type: "l", value: countAfter(death.get("count")) });
  } else {
    death = new Map<string, Field>([
      ["count", { type: "l", value: 1n }],
      ["reason", textField(reason)],
      ["queue", textField(queue.name)],
      ["time", { type: "T", value: BigInt(Math.floor(atMs / 1000)) }],
      ["exchange", textField(message.exchange)],
      ["routing-keys", { type: "A", value: routingKeys }],
    ]);
    if (properties.expiration !== undefined) {
      death.set("original-expiration", textField(properties.expiration));
    }
  }
  if (!first && release.sortsDeaths) death = sortedByName(death);
  // Newest first.
  const value = [death, ...deaths].map((table): Field => ({ type: "F", value: table }));
  headers.set("x-death", { type: "A", value });
  if (first) {
    tellDeath("first");
  }
  if (release.tellsLastDeath) tellDeath("last");

  function tellDeath(which: "first" | "last"): void {
    headers.set(`x-${which}-death-exchange`, textField(message.exchange));
    headers.set(`x-${which}-death-queue`, textField(queue.name));
    headers.set(`x-${which}-death-reason`, textField(reason));
  }
}

/**
 * Whether the dead message would come round to the queue without anyone having rejected it on the
 * way: such a cycle would never end, so the message is dropped
 * (https://www.rabbitmq.com/docs/dlx#routing).
 */
export function isAutomaticCycle(headers: FieldTable | undefined, queueName: string): boolean {
  const deaths = deathsOf(headers);
  const last = deaths.findIndex((death) => death.get("queue")?.value === queueName);
  if (last < 0) return false;
  return deaths.slice(0, last + 1).every((death) => death.get("reason")?.value !== "rejected");
}
