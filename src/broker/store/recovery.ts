// deno-lint-ignore-file camelcase -- columns of the database
import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { Entry } from "../model/entry.ts";
import { Message } from "../model/message.ts";
import type { Queue } from "../model/queue.ts";
import type { VHost } from "../model/vhost.ts";
import type { SettingKey } from "../durable_settings.ts";
import { readTable } from "../wire/field_table.ts";
import { textOf } from "../wire/octets.ts";
import { definitionChecksum, messageChecksum, type SqlValue } from "./checksum.ts";
import { Damage } from "./damage.ts";
import type { DataDirectory } from "./data_directory.ts";
import { reasonOf } from "./data_directory_error.ts";
import { type Holdings, readHoldings } from "./ledger.ts";
import type { BindingRow, ExchangeRow, MessageRow, QueueRow, SettingRow } from "./rows.ts";
import { DEFINITION_COLUMNS, type DefinitionTable } from "./schema.ts";

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function table(bytes: Uint8Array) {
  return readTable(view(bytes), 0, bytes.byteLength);
}

/** Where what a data directory holds goes. */
export interface Recovered {
  /** The virtual host of a name, made when it is missing. */
  vhostNamed(name: string): VHost;
  /** Takes a setting, before all else. @throws where it cannot be used */
  restoreSetting(key: SettingKey, value: unknown): void;
}

/**
 * Puts everything a data directory holds back into the virtual hosts. What cannot be used is set
 * aside in the directory.
 *
 * @param stop leaves all as it is; its reason is thrown
 * @returns the highest position in use and how many messages came back.
 * @throws {DamagedDataError} when more is missing than single messages, and that was not accepted.
 */
export async function recover(
  directory: DataDirectory,
  into: Recovered,
  stop?: AbortSignal,
): Promise<{ position: number; messages: number }> {
  return await new Recovery(directory, into, stop).run();
}

/** The clock is looked at after so many rows, */
const ROWS_PER_LOOK = 256;
/** and the event loop has its turn after so long, in ms: a start may take minutes. */
const SLICE_MS = 20;

class Recovery {
  readonly #directory: DataDirectory;
  readonly #into: Recovered;
  readonly #stop: AbortSignal | undefined;
  readonly #damage = new Damage();
  readonly #queues = new Map<number, Queue>();
  readonly #holdings: Holdings;
  #definitions = 0;
  #lookAtMs = performance.now() + SLICE_MS;
  /** Rows of messages, whatever becomes of them. */
  #rows = 0;
  #position = 0;
  #messages = 0;
  #like: Message | undefined;
  /** Of deleted queues: a crash left them behind. */
  readonly #orphans: MessageRow[] = [];

  constructor(directory: DataDirectory, into: Recovered, stop: AbortSignal | undefined) {
    this.#directory = directory;
    this.#into = into;
    this.#stop = stop;
    this.#holdings = readHoldings(directory.database) ?? {
      changes: 0,
      stored: 0,
      messages: null,
      definitions: null,
      unchecked_up_to: 0,
    };
  }

  async run(): Promise<{ position: number; messages: number }> {
    await this.#recoverDefinitions("setting", (row) => this.#restoreSetting(row));
    await this.#recoverDefinitions("exchange", (row) => this.#restoreExchange(row));
    await this.#recoverDefinitions("queue", (row) => this.#restoreQueue(row));
    await this.#recoverDefinitions("binding", (row) => this.#restoreBinding(row));
    await this.#recoverMessages();
    this.#compareBooks();
    this.#directory.settle(this.#damage);
    const forgotten = this.#forget();
    this.#directory.recovered({ messages: this.#rows - forgotten });
    let position = this.#position;
    for (const queue of this.#queues.values()) position = Math.max(position, queue.deliveredUpTo);
    return { position, messages: this.#messages };
  }

  /** @param restore may throw: the row is damaged then */
  async #recoverDefinitions(
    table: DefinitionTable,
    restore: (row: unknown) => void,
  ): Promise<void> {
    for (const row of this.#directory.database.prepare(`SELECT * FROM ${table}`).iterate()) {
      if (++this.#definitions % ROWS_PER_LOOK === 0) await this.#look();
      const values = DEFINITION_COLUMNS[table].map((column) => row[column] as SqlValue);
      const name = `${table} "${
        textOf(String(row.name ?? `${row.source} -> ${row.destination}`))
      }"`;
      if (definitionChecksum(values) !== row.checksum) {
        this.#damage.damaged({ table, name, reason: "is damaged", row });
        continue;
      }
      try {
        restore(row);
      } catch (error) {
        const reason = `cannot be restored: ${reasonOf(error)}`;
        this.#damage.damaged({ table, name, reason, row });
      }
    }
  }

  #restoreSetting(row: unknown): void {
    const { kind, vhost, name, value } = row as SettingRow;
    this.#into.restoreSetting({ kind, vhost, name }, JSON.parse(value));
  }

  #restoreExchange(row: unknown): void {
    const { vhost, name, type, auto_delete, internal, arguments: args } = row as ExchangeRow;
    this.#into.vhostNamed(vhost).restoreExchange({
      name,
      type,
      durable: true,
      autoDelete: auto_delete === 1,
      internal: internal === 1,
      arguments: table(args),
    });
  }

  #restoreQueue(row: unknown): void {
    const { id, vhost, name, auto_delete, arguments: args, delivered_up_to } = row as QueueRow;
    const queue = this.#into.vhostNamed(vhost).restoreQueue({
      name,
      durable: true,
      exclusive: false,
      autoDelete: auto_delete === 1,
      arguments: table(args),
    }, id);
    queue.deliveredUpTo = delivered_up_to;
    this.#queues.set(id, queue);
  }

  #restoreBinding(row: unknown): void {
    const { vhost, source, to_queue, destination, routing_key, arguments: args } =
      row as BindingRow;
    this.#into.vhostNamed(vhost).restoreBinding({
      source,
      destination,
      toQueue: to_queue === 1,
      routingKey: routing_key,
      arguments: table(args),
    });
  }

  async #recoverMessages(): Promise<void> {
    const rows = this.#directory.database.prepare(
      "SELECT id, queue, expires_at, body_at, bytes, delivery_count, checksum " +
        "FROM message ORDER BY id",
    ).iterate();
    for (const row of rows) {
      if (++this.#rows % ROWS_PER_LOOK === 0) await this.#look();
      const message = row as unknown as MessageRow;
      const queue = this.#queues.get(message.queue);
      if (!this.#isIntact(message)) this.#setAside(message, "damaged", queue);
      else if (queue === undefined) this.#orphans.push(message);
      else this.#restoreMessage(message, queue);
    }
  }

  /** Lets the event loop have its turn, where it has waited for it. */
  async #look(): Promise<void> {
    if (performance.now() < this.#lookAtMs) return;
    await setImmediate();
    this.#stop?.throwIfAborted();
    this.#lookAtMs = performance.now() + SLICE_MS;
  }

  #isIntact({ id, queue, expires_at, body_at, bytes, checksum }: MessageRow): boolean {
    if (checksum === null) return id <= this.#holdings.unchecked_up_to;
    return bytes instanceof Uint8Array &&
      messageChecksum(id, queue, expires_at, body_at, bytes) === checksum;
  }

  #restoreMessage(row: MessageRow, queue: Queue): void {
    const { id, expires_at, body_at, bytes, delivery_count } = row;
    this.#position = id;
    try {
      this.#like = Message.restore(bytes, body_at, this.#like);
      const entry = new Entry(this.#like, queue, id, expires_at ?? Infinity);
      entry.redelivered = id <= queue.deliveredUpTo;
      entry.deliveryCount = entry.acquiredCount = delivery_count;
      queue.restore(entry);
      this.#messages++;
    } catch (error) {
      this.#setAside(row, `cannot be restored: ${reasonOf(error)}`, queue);
    }
  }

  #setAside(row: MessageRow, reason: string, queue: Queue | undefined): void {
    const owner = queue === undefined ? "of an unknown queue" : `of queue "${textOf(queue.name)}"`;
    const name = `message ${row.id} ${owner}`;
    this.#damage.damaged({ table: "message", name, reason, row: { ...row } });
  }

  /** Whether as much is there as the database says. */
  #compareBooks(): void {
    const { messages, definitions } = this.#holdings;
    if (definitions !== null && definitions !== this.#definitions) {
      this.#damage.lost(
        `${this.#definitions} of ${definitions} queues, exchanges, bindings and settings are there`,
      );
    }
    if (messages !== null && messages !== this.#rows) {
      this.#damage.lost(`${this.#rows} of ${messages} messages are there`);
    }
    // Where no definition is missing they were deleted.
    if (!this.#damage.found) return;
    for (const orphan of this.#orphans.splice(0)) this.#setAside(orphan, "has no queue", undefined);
  }

  /** Removes what was set aside, and what nobody owns. @returns how many messages */
  #forget(): number {
    const { database } = this.#directory;
    const messages = new Set(this.#orphans.map(({ id }) => id));
    const definitions = [];
    for (const { table, row } of this.#damage.rows) {
      if (table === "message") messages.add(row.id as number);
      else definitions.push({ table, checksum: row.checksum as SqlValue });
    }
    if (messages.size === 0 && !this.#damage.found) return 0;
    database.exec("BEGIN");
    const forget = database.prepare("DELETE FROM message WHERE id = ?");
    let forgotten = 0;
    for (const id of messages) forgotten += Number(forget.run(id).changes);
    // A damaged key does not find its row.
    for (const { table, checksum } of definitions) {
      database.prepare(`DELETE FROM ${table} WHERE checksum IS ?`).run(checksum);
    }
    if (definitions.length > 0) database.exec("REINDEX");
    database.prepare(
      "UPDATE ledger SET changes = changes + 1, messages = NULL, definitions = NULL",
    ).run();
    database.exec("COMMIT");
    return forgotten;
  }
}
