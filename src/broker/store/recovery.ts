// deno-lint-ignore-file camelcase -- columns of the database
import { Buffer } from "node:buffer";
import type { DatabaseSync } from "node:sqlite";
import { Entry } from "../model/entry.ts";
import { Message } from "../model/message.ts";
import type { Queue } from "../model/queue.ts";
import type { VHost } from "../model/vhost.ts";
import { readTable } from "../wire/field_table.ts";

interface ExchangeRow {
  vhost: string;
  name: string;
  type: string;
  auto_delete: number;
  internal: number;
  arguments: Uint8Array;
}

interface QueueRow {
  id: number;
  vhost: string;
  name: string;
  auto_delete: number;
  arguments: Uint8Array;
  delivered_up_to: number;
}

interface BindingRow {
  vhost: string;
  source: string;
  to_queue: number;
  destination: string;
  routing_key: string;
  arguments: Uint8Array;
}

interface MessageRow {
  id: number;
  queue: number;
  expires_at: number | null;
  body_at: number;
  bytes: Uint8Array;
  delivery_count: number;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function table(bytes: Uint8Array) {
  return readTable(view(bytes), 0, bytes.byteLength);
}

/**
 * Puts everything a database holds back into the virtual hosts.
 * @param vhostNamed the virtual host of a name, made when it is missing.
 * @returns the highest position in use and how many messages came back.
 */
export function recover(
  database: DatabaseSync,
  vhostNamed: (name: string) => VHost,
): { position: number; messages: number } {
  for (const row of database.prepare("SELECT * FROM exchange").iterate()) {
    const { vhost, name, type, auto_delete, internal, arguments: args } =
      row as unknown as ExchangeRow;
    vhostNamed(vhost).restoreExchange({
      name,
      type,
      durable: true,
      autoDelete: auto_delete === 1,
      internal: internal === 1,
      arguments: table(args),
    });
  }
  const queues = recoverQueues(database, vhostNamed);
  for (const row of database.prepare("SELECT * FROM binding").iterate()) {
    const binding = row as unknown as BindingRow;
    vhostNamed(binding.vhost).restoreBinding({
      source: binding.source,
      destination: binding.destination,
      toQueue: binding.to_queue === 1,
      routingKey: binding.routing_key,
      arguments: table(binding.arguments),
    });
  }
  return recoverMessages(database, queues);
}

function recoverQueues(database: DatabaseSync, vhostNamed: (name: string) => VHost) {
  const queues = new Map<number, Queue>();
  for (const row of database.prepare("SELECT * FROM queue").iterate()) {
    const { id, vhost, name, auto_delete, arguments: args, delivered_up_to } =
      row as unknown as QueueRow;
    const queue = vhostNamed(vhost).restoreQueue({
      name,
      durable: true,
      exclusive: false,
      autoDelete: auto_delete === 1,
      arguments: table(args),
    }, id);
    queue.deliveredUpTo = delivered_up_to;
    queues.set(id, queue);
  }
  return queues;
}

function recoverMessages(database: DatabaseSync, queues: Map<number, Queue>) {
  let position = 0;
  let messages = 0;
  let like: Message | undefined;
  const orphans: number[] = [];
  const rows = database.prepare(
    "SELECT id, queue, expires_at, body_at, bytes, delivery_count FROM message ORDER BY id",
  ).iterate();
  for (const row of rows) {
    const { id, queue: queueId, expires_at, body_at, bytes, delivery_count } =
      row as unknown as MessageRow;
    position = id;
    const queue = queues.get(queueId);
    if (queue === undefined) {
      orphans.push(id);
      continue;
    }
    like = Message.restore(bytes, body_at, like);
    const entry = new Entry(
      like,
      queue,
      id,
      expires_at ?? Infinity,
    );
    entry.redelivered = id <= queue.deliveredUpTo;
    entry.deliveryCount = entry.acquiredCount = delivery_count;
    queue.restore(entry);
    messages++;
  }
  const forget = database.prepare("DELETE FROM message WHERE id = ?");
  database.exec("BEGIN");
  for (const id of orphans) forget.run(id);
  database.exec("COMMIT");
  for (const queue of queues.values()) position = Math.max(position, queue.deliveredUpTo);
  return { position, messages };
}
