/** A queue alone, without a broker around it. */
import { Buffer } from "node:buffer";
import type { Entry, Subscriber } from "../../../src/broker/model/entry.ts";
import { encodeAddress, Message } from "../../../src/broker/model/message.ts";
import { Queue } from "../../../src/broker/model/queue.ts";
import type { DeathReason } from "../../../src/broker/model/queue_context.ts";
import type { ReturningEntries } from "../../../src/broker/model/returning_entries.ts";
import { releaseNamed } from "../../../src/broker/release.ts";
import {
  type BasicProperties,
  encodeProperties,
  type RoutingProperties,
  scanProperties,
} from "../../../src/broker/wire/content_header.ts";
import type { Field } from "../../../src/broker/wire/field_table.ts";

export function message(text: string, properties: BasicProperties = {}): Message {
  const encoded = encodeProperties(properties);
  const found = {} as RoutingProperties;
  scanProperties(encoded, 0, encoded.length, found);
  const body = Buffer.from(text);
  const slice = (bytes: Buffer) => ({ bytes, start: 0, end: bytes.length });
  return Message.assemble("", "q", encodeAddress("", "q"), slice(encoded), slice(body), found);
}

export const text = ({ message }: Entry) =>
  message.bytes.toString("latin1", message.bodyAt, message.end);

/** A queue in a world of its own: a clock that is set, and a record of the dead. */
export class World {
  now = 0;
  memoryBytes = 0;
  dead: [string, DeathReason][] = [];
  /** Which are put back in slices. */
  readonly returning: ReturningEntries[] = [];
  readonly queue: Queue;
  #position = 0;

  constructor(args: Record<string, Field> = {}, { durable } = { durable: false }) {
    this.queue = new Queue(
      "/",
      {
        name: "q",
        durable,
        exclusive: false,
        autoDelete: false,
        arguments: new Map(Object.entries(args)),
      },
      undefined,
      {
        release: releaseNamed("4.3"),
        consumerTimeoutMs: Infinity,
        now: () => this.now,
        nextPosition: () => ++this.#position,
        store: () => {},
        unstore: () => {},
        touched: () => {},
        deadLetter: (entry, reason) => this.dead.push([text(entry), reason]),
        accountMemory: (bytes) => this.memoryBytes += bytes,
        wakeAt: () => {},
        discard: (entries) => {
          const { count } = entries;
          for (const entry of [...entries]) this.queue.forget(entry);
          return count;
        },
        returnLater: (entries) => this.returning.push(entries),
        isTurnOver: () => false,
        autoDelete: () => {},
      },
    );
  }

  publish(body: string, properties?: BasicProperties) {
    return this.queue.publish(message(body, properties));
  }

  /** basic.get, to be settled. */
  take(): Entry | undefined {
    return this.queue.get({ overdue: () => {} }, { noAck: false });
  }

  /** Puts back what was delivered, in one go. */
  requeue(entries: readonly Entry[], options: { failed: boolean }): void {
    for (const _ of this.queue.requeueing(entries, options));
  }

  /** What a look at the queue would give, in order. */
  drain(): string[] {
    const all: string[] = [];
    const take = () => this.queue.get({ overdue: () => {} }, { noAck: true });
    for (let entry = take(); entry; entry = take()) all.push(text(entry));
    return all;
  }
}

export class Taker implements Subscriber {
  readonly noAck = false;
  readonly timeoutMs = undefined;
  readonly unackedCount = 0;
  readonly suspended = false;
  readonly exclusive = false;
  readonly entries: Entry[] = [];

  constructor(readonly tag: string, readonly prefetch: number, readonly priority = 0) {}

  overdue() {}

  canTake(): boolean {
    return this.entries.length < this.prefetch;
  }

  take(entry: Entry): void {
    this.entries.push(entry);
  }

  settled(): void {}

  resume(): void {}

  cancelled(): void {}
}
