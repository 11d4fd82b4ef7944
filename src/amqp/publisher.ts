import { Buffer } from "node:buffer";
import type { Message as AmqplibMessage, Options } from "amqplib";
import { type Channel, isChannelClosed } from "./channel.ts";
import { ConfirmChannel } from "./confirm_channel.ts";
import { type AmqpError, type BrokerReply, DeadlineExceeded } from "./errors.ts";

/** AMQP 0-9-1 class and method ids: amqplib has a table of them, and exports none of it. */
const BASIC = 60;
const BASIC_PUBLISH = 40;

/** Bodies in flight at the most, besides the window: large ones must not fill the memory. */
const MAX_UNCONFIRMED_BYTES = 64 * 1024 * 1024;

const UNCONFIRMED: PublishOutcome = { kind: "unconfirmed" };
const NACKED: PublishOutcome = { kind: "refused", nacked: true };
const CLOSED_FOR: PublishOutcome = { kind: "refused", nacked: false };

/** Properties that all messages of one publisher share (`basic.publish`'s content header). */
export interface MessageProperties {
  /** Delivery mode 2: kept on disk when the queue is durable too. */
  readonly persistent: boolean;
  /** How long it may wait in a queue. */
  readonly ttlMs?: number;
  /** 0 to 255. */
  readonly priority?: number;
  readonly contentType?: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One message to publish. */
export interface OutgoingMessage {
  readonly body: Uint8Array;
  readonly messageId: string;
  /** Its line in the publisher's input, from 1; not sent, but told with its outcome. */
  readonly line?: number;
}

/** What became of one message, in the broker's own words. */
export type PublishOutcome =
  /** `basic.ack`: the broker has taken responsibility for it. */
  | {
    readonly kind: "confirmed";
    /** From its publish on, in ms. */
    readonly afterMs: number;
  }
  /** Written to the socket; without confirms nobody knows more. */
  | { readonly kind: "unconfirmed" }
  /** `basic.return`: no queue took it, for example 312 NO_ROUTE. */
  | { readonly kind: "returned"; readonly replyCode: number; readonly replyText: string }
  /**
   * `basic.nack`, for example of a full queue with reject-publish; or the channel was closed for
   * it.
   */
  | { readonly kind: "refused"; readonly nacked: boolean };

/** How messages are published, and how their confirms are waited for. */
export interface PublishOptions {
  readonly properties: MessageProperties;
  /** Wants back what no queue took (`basic.return`). */
  readonly mandatory: boolean;
  /** Whether the channel is in confirm mode. */
  readonly confirm: boolean;
  /** Unconfirmed publishes in flight at the most, 1 or more. */
  readonly window: number;
  /** For each confirm, from its publish on. */
  readonly confirmTimeoutMs: number;
}

export interface PublisherOptions {
  /** Publishes to the default exchange with this routing key. */
  readonly queue: string;
  readonly publish: PublishOptions;
  /**
   * Told once for every message, but those in `takeUnconfirmed`; a returned one without confirms
   * was reported unconfirmed before.
   */
  readonly onOutcome: (message: OutgoingMessage, outcome: PublishOutcome) => void;
}

interface Unconfirmed {
  readonly message: OutgoingMessage;
  readonly publishedAtMs: number;
  returned?: PublishOutcome;
}

/** Publishes to one queue with a window of confirms in flight. */
export class Publisher {
  readonly #channel: Channel;
  readonly #options: PublisherOptions;
  readonly #properties: Options.Publish;
  readonly #confirms: ConfirmChannel<Unconfirmed>;
  readonly #unconfirmed: OutgoingMessage[] = [];
  #unconfirmedBytes = 0;
  #writable = true;
  #failure: AmqpError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wake: (() => void) | undefined;

  constructor(channel: Channel, options: PublisherOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#properties = amqplibOptions(options.publish);
    this.#confirms = new ConfirmChannel(channel, {
      onAck: (publishes) => {
        const nowMs = performance.now();
        this.#settle(publishes, ({ publishedAtMs }) => (
          { kind: "confirmed", afterMs: nowMs - publishedAtMs }
        ));
      },
      onNack: (publishes) => this.#settle(publishes, () => NACKED),
      onReturn: (message, reply) => this.#returned(message, reply),
      onEnded: (reason) => reason && this.#fail(reason),
    });
    channel.raw.on("drain", () => {
      this.#writable = true;
      this.#wake?.();
    });
  }

  /**
   * After a failure: the messages that the broker may have or not, oldest first. They are told of
   * here and nowhere else; a second call has none left.
   */
  takeUnconfirmed(): OutgoingMessage[] {
    return this.#unconfirmed.splice(0);
  }

  /**
   * Publishes one message. Returns a promise to wait for before the next one where the window or
   * the socket is full, and nothing where there is room.
   *
   * @throws {AmqpError} the channel is gone or a confirm is overdue: at once, and then the message
   *   was not taken; or by the promise, and then `takeUnconfirmed` has it
   */
  publish(message: OutgoingMessage): Promise<void> | undefined {
    if (this.#failure) throw this.#failure;
    const { raw, window } = this.#confirms;
    const { body, messageId } = message;
    const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    // A copy of the shared properties: amqplib reads them before it returns, but never changes
    // them.
    const options = { ...this.#properties, messageId };
    try {
      this.#writable = raw.publish("", this.#options.queue, content, options);
    } catch (error) {
      if (!isChannelClosed(error)) throw error;
      this.#unconfirmed.push(message); // the channel is closed, and will tell why
      return this.#until(() => false);
    }
    if (this.#options.publish.confirm) {
      window.add({ message, publishedAtMs: performance.now() });
      this.#unconfirmedBytes += body.byteLength;
      this.#timer ??= setTimeout(
        () => this.#checkDeadline(),
        this.#options.publish.confirmTimeoutMs,
      );
    } else {
      this.#options.onOutcome(message, UNCONFIRMED);
    }
    return this.#hasRoom() ? undefined : this.#until(() => this.#hasRoom());
  }

  /**
   * Waits until the broker has settled all that was published; without confirms, until it has
   * answered for all of it, so that no return is missed.
   *
   * @throws {AmqpError} the channel is gone or a confirm is overdue
   */
  async settled(): Promise<void> {
    if (this.#options.publish.confirm) {
      return await this.#until(() => this.#confirms.window.size === 0);
    }
    // basic.qos changes nothing for a publisher, and its answer comes after every basic.return.
    await this.#channel.request("basic.qos-ok", (raw) => raw.prefetch(0));
  }

  #hasRoom(): boolean {
    return this.#writable && this.#confirms.window.size < this.#options.publish.window &&
      this.#unconfirmedBytes < MAX_UNCONFIRMED_BYTES;
  }

  async #until(reached: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure; // it empties the window, which is no reason to go on
      if (reached()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  #settle(
    publishes: readonly Unconfirmed[],
    outcomeOf: (publish: Unconfirmed) => PublishOutcome,
  ): void {
    for (const publish of publishes) {
      const { message, returned } = publish;
      this.#unconfirmedBytes -= message.body.byteLength;
      this.#options.onOutcome(message, returned ?? outcomeOf(publish));
    }
    this.#wake?.();
  }

  #returned({ properties, content }: AmqplibMessage, { replyCode, replyText }: BrokerReply): void {
    const outcome = { kind: "returned", replyCode, replyText } as const;
    const messageId = String(properties.messageId);
    if (!this.#options.publish.confirm) {
      return this.#options.onOutcome({ body: content, messageId }, outcome);
    }
    // Returns come in the order of the publishes, each before its confirm: the first that fits is
    // it.
    const entry = this.#confirms.window.find((entry) =>
      !entry.returned && entry.message.messageId === messageId
    );
    if (entry) entry.returned = outcome;
  }

  #checkDeadline(): void {
    this.#timer = undefined;
    const oldest = this.#confirms.window.oldest;
    if (!oldest) return;
    const { confirmTimeoutMs } = this.#options.publish;
    const leftMs = oldest.publishedAtMs + confirmTimeoutMs - performance.now();
    if (leftMs > 0) this.#timer = setTimeout(() => this.#checkDeadline(), leftMs);
    else this.#fail(new DeadlineExceeded("publisher confirm", confirmTimeoutMs));
  }

  #fail(reason: AmqpError): void {
    if (this.#failure) return;
    this.#failure = reason;
    clearTimeout(this.#timer);
    // The broker closes a channel for a publish that it cannot take; with one in flight, it is that
    // one.
    const { classId, methodId } = reason.reply ?? {};
    const refused = this.#confirms.window.size === 1 && classId === BASIC &&
      methodId === BASIC_PUBLISH;
    const unconfirmed: OutgoingMessage[] = [];
    for (const { message, returned } of this.#confirms.takeAll()) {
      if (returned) this.#options.onOutcome(message, returned);
      else if (refused) this.#options.onOutcome(message, CLOSED_FOR);
      else unconfirmed.push(message);
    }
    this.#unconfirmed.unshift(...unconfirmed);
    this.#wake?.();
  }
}

function amqplibOptions({ properties, mandatory }: PublishOptions): Options.Publish {
  const { persistent, ttlMs, priority, contentType, headers } = properties;
  return {
    persistent,
    mandatory,
    headers,
    ...(ttlMs === undefined ? {} : { expiration: String(ttlMs) }),
    ...(priority === undefined ? {} : { priority }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}
