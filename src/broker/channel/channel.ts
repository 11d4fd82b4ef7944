import { Buffer } from "node:buffer";
import { ConfirmLedger } from "./confirm_ledger.ts";
import type { Connection } from "../connection/connection.ts";
import type { Consumer } from "./consumer.ts";
import type { ContentAssembly } from "./content_assembly.ts";
import type { TurnWork } from "../end_of_turn.ts";
import { dispatch } from "../methods/dispatch.ts";
import { acknowledge } from "../methods/basic.ts";
import { beginPublish, finishPublish } from "../methods/publish.ts";
import { Transaction } from "./transaction.ts";
import type { Entry } from "../model/entry.ts";
import type { Message } from "../model/message.ts";
import { byQueue, UnackedLedger } from "./unacked_ledger.ts";
import { FRAME_METHOD } from "../wire/frame_parser.ts";
import { type Arguments, decodeMethod, type MethodName } from "../wire/method_codec.ts";
import { ConnectionError, UnanswerableError } from "../wire/protocol_error.ts";

/** Class and method id of the methods that have a fast path, as one number. */
const BASIC_PUBLISH = (60 << 16) | 40;
const BASIC_ACK = (60 << 16) | 80;

/** The consumer of direct reply-to on a channel. */
export interface ReplyConsumer {
  tag: string;
  routingKey: string;
}

/** A channel: what its client has published, consumed and not yet settled. */
export class Channel implements TurnWork {
  readonly number: number;
  readonly connection: Connection;
  /** The queue that an empty name means: the last one declared here. */
  lastQueueName: string | undefined;
  /** Prefetch of consumers to come (basic.qos, global false); 0 for no limit. */
  consumerPrefetch = 0;
  readonly consumers = new Map<string, Consumer>();
  readonly unacked = new UnackedLedger();
  /** Set by confirm.select. */
  confirms: ConfirmLedger | undefined;
  /** Set by tx.select. */
  transaction: Transaction | undefined;
  replyConsumer: ReplyConsumer | undefined;
  /** Prefetch shared by all consumers (basic.qos, global true); 0 for no limit. */
  #sharedPrefetch = 0;
  /** Rises each time, so that those who share a prefetch take turns. */
  #turn = 0;
  /** Unacked deliveries to consumers, without those of basic.get. */
  #consumerUnacked = 0;
  #assembly: ContentAssembly | undefined;
  #lastPublish: { bytes: Buffer; assembly: ContentAssembly } | undefined;
  #closed = false;

  constructor(number: number, connection: Connection) {
    this.number = number;
    this.connection = connection;
  }

  get vhost() {
    return this.connection.vhost;
  }

  /** Whether the content of a publish is awaited. */
  get assembling(): boolean {
    return this.#assembly !== undefined;
  }

  /** @throws {ConnectionError} 501 to 505 for frames out of place. */
  frame(type: number, bytes: Buffer, start: number, end: number): void {
    if (this.#assembly !== undefined) {
      const publish = this.#assembly.frame(type, bytes, start, end);
      if (publish !== undefined) {
        this.#assembly = undefined;
        finishPublish(this, publish);
      }
      return;
    }
    if (type !== FRAME_METHOD) throw methodExpected();
    if (end - start > 4) {
      const id = bytes.readUInt32BE(start);
      if (id === BASIC_PUBLISH) return this.#publish(bytes, start, end);
      if (id === BASIC_ACK && end - start === 13) return this.#ack(bytes, start + 4);
    }
    const method = decodeMethod(bytes, start, end);
    if (method === undefined) throw new UnanswerableError("unknown method");
    dispatch(this, method);
  }

  #publish(bytes: Buffer, start: number, end: number): void {
    this.connection.notePublish();
    // Most publishes of a channel repeat the last one's method frame: spare the decoding.
    const last = this.#lastPublish;
    if (
      last !== undefined && last.bytes.length === end - start &&
      this.vhost.hasExchange(last.assembly.exchange) &&
      last.bytes.compare(bytes, start, end) === 0
    ) {
      this.#assembly = last.assembly.again();
      return;
    }
    const method = decodeMethod(bytes, start, end);
    if (method?.name !== "basic.publish") throw new UnanswerableError("unknown method");
    const assembly = beginPublish(this, method.args);
    this.#assembly = assembly;
    this.#lastPublish = { bytes: Buffer.from(bytes.subarray(start, end)), assembly };
  }

  #ack(bytes: Buffer, at: number): void {
    const deliveryTag = bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
    acknowledge(this, deliveryTag, { multiple: (bytes[at + 8]! & 1) === 1 });
  }

  /** Sends a method on this channel. */
  send<M extends MethodName>(name: M, args: Arguments<M>): void {
    this.connection.writer.method(this.number, name, args);
    this.connection.wantFlush();
  }

  /** A consumer tag no client chose. */
  newConsumerTag(): string {
    return `amq.ctag-${this.connection.broker.newName()}`;
  }

  hasPrefetchRoom(): boolean {
    return this.#sharedPrefetch === 0 || this.#consumerUnacked < this.#sharedPrefetch;
  }

  /** Sets the prefetch shared by all consumers; a higher one resumes delivery. */
  set sharedPrefetch(count: number) {
    this.#sharedPrefetch = count;
    this.resumeConsumers();
  }

  get sharedPrefetch(): number {
    return this.#sharedPrefetch;
  }

  /** Sends an entry to a consumer of this channel. */
  deliver(consumer: Consumer, entry: Entry): void {
    const tag = this.unacked.nextTag();
    const { writer } = this.connection;
    if (!consumer.noAck) {
      entry.deliveryTag = tag;
      entry.deliveredAtMs = this.connection.broker.now();
      this.unacked.add(entry);
      consumer.unackedCount++;
      this.#consumerUnacked++;
    }
    const message = entry.deliveredMessage("consumer", this.connection.broker.release);
    writer.deliver(this.number, consumer.encodedTag, tag, entry.redelivered, message);
    this.connection.wantFlush();
  }

  /** basic.get took the entry. @returns its delivery tag. */
  got(entry: Entry, { noAck }: { noAck: boolean }): number {
    const tag = this.unacked.nextTag();
    if (!noAck) {
      entry.deliveryTag = tag;
      entry.deliveredAtMs = this.connection.broker.now();
      this.unacked.add(entry);
    }
    return tag;
  }

  /** Hands a reply to the direct reply-to consumer. @returns whether it is there */
  deliverReply(message: Message): boolean {
    const consumer = this.replyConsumer;
    if (consumer === undefined || this.#closed) return false;
    const tag = Buffer.from(String.fromCharCode(consumer.tag.length) + consumer.tag, "latin1");
    const { writer } = this.connection;
    // Of a pseudo-queue it uses up no delivery tag.
    const isQueue = this.connection.broker.release.directReplies === "volatile queue";
    const deliveryTag = isQueue ? this.unacked.nextTag() : this.unacked.comingTag;
    writer.deliver(this.number, tag, deliveryTag, false, message);
    this.connection.wantFlush();
    return true;
  }

  /** Counts an entry out of prefetch, before its queue learns how it was settled. */
  release(entry: Entry): void {
    const consumer = entry.subscriber as Consumer | undefined;
    if (consumer === undefined) return;
    consumer.unackedCount--;
    this.#consumerUnacked--;
    if (entry.released) consumer.overdueCount--;
  }

  /**
   * A queue takes deliveries back: the consumer is told by basic.cancel, and gets more once it has
   * settled them. A client that cannot be told loses its channel.
   * @param remains what is left of the deliveries
   * @param consumer whose they are; undefined for basic.get
   */
  overdue(remains: readonly Entry[], consumer?: Consumer): void {
    for (const entry of remains) this.unacked.add(entry);
    if (consumer !== undefined) consumer.overdueCount += remains.length;
    if (
      consumer !== undefined && this.consumers.get(consumer.tag) === consumer &&
      this.connection.capabilities.has("consumer_cancel_notify")
    ) {
      return this.send("basic.cancel", { consumerTag: consumer.tag, noWait: true });
    }
    this.connection.closeOverdue(this, -1);
  }

  /** Delivery may go on for the consumers of this channel; each time another one is the first. */
  resumeConsumers(): void {
    const consumers = [...this.consumers.values()];
    const first = this.#turn++ % (consumers.length || 1);
    for (const consumer of consumers.slice(first)) consumer.queue.resume();
    for (const consumer of consumers.slice(0, first)) consumer.queue.resume();
  }

  /** After a settlement of its deliveries: whoever waited for prefetch may go on. */
  resumeAfter(consumer: Consumer): void {
    if (this.#sharedPrefetch !== 0) this.resumeConsumers();
    else consumer.queue.resume();
  }

  /** Puts entries back into their queues. */
  requeue(entries: readonly Entry[], options: { failed: boolean }): void {
    for (const entry of entries) this.release(entry);
    for (const [queue, group] of byQueue(entries)) queue.requeue(group, options);
    if (this.#sharedPrefetch !== 0) this.resumeConsumers();
  }

  /** The queue of a consumer went away. */
  consumerCancelled(consumer: Consumer): void {
    this.consumers.delete(consumer.tag);
    if (!this.connection.capabilities.has("consumer_cancel_notify")) return;
    this.send("basic.cancel", { consumerTag: consumer.tag, noWait: true });
  }

  /** confirm.select: number publishes from now on. */
  enterConfirmMode(): void {
    const { endOfTurn } = this.connection.broker;
    this.confirms ??= new ConfirmLedger(() => endOfTurn.want("confirm", this));
  }

  /** tx.select: hold publishes and acknowledgements back until tx.commit. */
  enterTransactionMode(): void {
    this.transaction ??= new Transaction(this);
  }

  endTurn(): boolean {
    this.flushConfirms();
    return false;
  }

  /** Sends the confirms that are due. */
  flushConfirms(): void {
    if (this.#closed) return;
    this.confirms?.flush((tag, confirm) => this.confirm(tag, confirm));
  }

  /** Confirms a publish. */
  confirm(tag: number, confirm: { ok: boolean; multiple: boolean }): void {
    this.connection.writer.confirm(this.number, tag, confirm);
    this.connection.wantFlush();
  }

  /** Gives everything back: consumers leave, unacked deliveries return to their queues. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.replyConsumer !== undefined) {
      this.connection.broker.replies.delete(this.replyConsumer.routingKey);
      this.replyConsumer = undefined;
    }
    const consumers = [...this.consumers.values()];
    this.consumers.clear();
    const taken = this.transaction?.takenBack() ?? [];
    const entries = [...this.unacked.takeAll(), ...taken];
    entries.sort((a, b) => a.deliveryTag - b.deliveryTag);
    // Consumers first, or the requeued entries would come straight back to them.
    const queues = new Set(consumers.map(({ queue }) => queue));
    for (const consumer of consumers) consumer.queue.subscribers.remove(consumer);
    this.requeue(entries, { failed: true });
    for (const queue of queues) {
      queue.used();
      if (queue.autoDelete && queue.subscribers.count === 0) this.vhost.deleteQueue(queue);
      else queue.resume();
    }
  }
}

/** Rule (section 4.2.6): content without a method that carries it. */
export function methodExpected(): ConnectionError {
  const problem = "expected method frame, got non method frame instead";
  return new ConnectionError("UNEXPECTED_FRAME", problem);
}
