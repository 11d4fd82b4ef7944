import type { BrokerUrl } from "./broker_url.ts";
import { PRECONDITION_FAILED } from "./reply_code.ts";

/** What a broker said when it closed a channel or a connection (AMQP 0-9-1, `close` methods). */
export interface BrokerReply {
  /** For example 406. */
  readonly replyCode: number;
  /** For example "PRECONDITION_FAILED - inequivalent arg 'durable' for queue …". */
  readonly replyText: string;
  /** Class and method that provoked it; 0 or absent where the broker names none. */
  readonly classId?: number;
  readonly methodId?: number;
}

/**
 * Anything that goes wrong between worktool and a broker; subclasses are ordered by blast radius.
 */
export class AmqpError extends Error {
  override readonly name: string = "AmqpError";
  /** Set where the broker itself gave the reason. */
  readonly reply?: BrokerReply;

  constructor(message: string, options: { reply?: BrokerReply | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    if (options.reply) this.reply = options.reply;
  }
}

/** No connection could be opened. With `reply`, a broker answered and refused. */
export class ConnectFailed extends AmqpError {
  override readonly name: string = "ConnectFailed";
}

/** Whoever wanted the connection changed their mind before it was open. */
export class ConnectAborted extends ConnectFailed {
  override readonly name = "ConnectAborted";
}

/**
 * The broker answered `connection.open` with `connection.close`: not this vhost, or not for this
 * user.
 */
export class VhostRefused extends ConnectFailed {
  override readonly name = "VhostRefused";
}

/** Why one address of several does not serve. */
export interface AddressFailure {
  readonly url: BrokerUrl;
  readonly failure: unknown;
}

/** None of several addresses serves. */
export class ClusterUnavailable extends AmqpError {
  override readonly name = "ClusterUnavailable";

  /** @param failures one for each address */
  constructor(readonly failures: readonly AddressFailure[]) {
    super(`none of ${failures.length} addresses serves`);
  }
}

/** An open connection ended although nobody here closed it. */
export class ConnectionLost extends AmqpError {
  override readonly name = "ConnectionLost";
}

/** The broker closed one channel; the connection is still there. */
export class ChannelClosed extends AmqpError {
  override readonly name: string = "ChannelClosed";
}

/** With which code the broker closed the channel; undefined where it was something else. */
export function channelReplyCode(error: unknown): number | undefined {
  return error instanceof ChannelClosed ? error.reply?.replyCode : undefined;
}

/** The user may not configure a queue that does not exist yet: what declaring it would need. */
export class ConfigureRefused extends ChannelClosed {
  override readonly name = "ConfigureRefused";

  constructor(readonly queue: string, refusal: Refusal) {
    super(`no right to configure queue '${queue}'`, refusal);
  }
}

/** The user may not publish to the default exchange, or not read the queue that it is to serve. */
export class MoveRefused extends ChannelClosed {
  override readonly name = "MoveRefused";

  constructor(refusal: Refusal) {
    super("no right to write to the default exchange, or to read a queue", refusal);
  }
}

/** That the broker refused it, and how. */
export interface Refusal {
  readonly reply: BrokerReply;
  readonly cause: unknown;
}

/** The broker ended a consumer with `basic.cancel`, as it does when the queue is deleted. */
export class ConsumerCancelled extends AmqpError {
  override readonly name: string = "ConsumerCancelled";
}

/**
 * The broker ended a consumer whose queue is still there, and has taken its deliveries back: one
 * was not acknowledged in time (RabbitMQ 4.3, quorum queues, `consumer_timeout`).
 */
export class DeliveriesReleased extends ConsumerCancelled {
  override readonly name = "DeliveriesReleased";
}

/**
 * Whether the broker took deliveries back because one was not acknowledged in time. Up to RabbitMQ
 * 4.2, and now and then later too, it closes the channel: 406 without a method that it answers.
 */
export function tookDeliveriesBack(failure: unknown): boolean {
  if (!(failure instanceof ChannelClosed)) return failure instanceof DeliveriesReleased;
  const { replyCode, classId = 0 } = failure.reply ?? {};
  return replyCode === PRECONDITION_FAILED && classId === 0;
}

/** One message was not published; its channel is still there. */
export class PublishFailed extends AmqpError {
  override readonly name: string = "PublishFailed";
}

/**
 * `basic.return`: no queue took the message, because it does not exist; the reply is 312 NO_ROUTE.
 */
export class MessageReturned extends PublishFailed {
  override readonly name = "MessageReturned";

  constructor(readonly queue: string, reply: BrokerReply) {
    super(`no queue '${queue}': ${reply.replyCode} ${reply.replyText}`, { reply });
  }
}

/**
 * `basic.nack` of the broker: it did not take the message, for example because the queue is full.
 */
export class MessageNacked extends PublishFailed {
  override readonly name = "MessageNacked";

  constructor(readonly queue: string) {
    super(`the broker did not take a message for queue '${queue}' (basic.nack)`);
  }
}

/** The client cannot encode the message, for example because its headers are over 64 KiB. */
export class UnencodableMessage extends PublishFailed {
  override readonly name = "UnencodableMessage";

  constructor(cause: Error) {
    super(`a message cannot be encoded: ${cause.message}`, { cause });
  }
}

/** The headers of a message are more than one frame, or this client, can hold. */
export class HeadersTooLarge extends PublishFailed {
  override readonly name = "HeadersTooLarge";
  /** Of all headers together, encoded. */
  readonly headersBytes: number;
  readonly limitBytes: number;
  /** The broker's `frame_max`, where it is what limits them. */
  readonly frameMaxBytes: number | undefined;

  constructor({ headersBytes, limitBytes, frameMaxBytes }: {
    readonly headersBytes: number;
    readonly limitBytes: number;
    readonly frameMaxBytes?: number;
  }) {
    super(`headers of ${headersBytes} bytes, ${limitBytes} are allowed`);
    this.headersBytes = headersBytes;
    this.limitBytes = limitBytes;
    this.frameMaxBytes = frameMaxBytes;
  }
}

/** The broker did not answer in time. */
export class DeadlineExceeded extends AmqpError {
  override readonly name = "DeadlineExceeded";

  constructor(
    /** What was waited for, as a noun: "queue.declare-ok". */
    readonly awaited: string,
    readonly timeoutMs: number,
  ) {
    super(`no ${awaited} within ${timeoutMs} ms`);
  }
}

/**
 * The broker's reply in one of amqplib's errors, which carry the code but keep the text in the
 * message (and, while a connection opens, the code too): `406 (PRECONDITION-FAILED) with message
 * "…"`.
 */
export function replyOf(error: unknown): BrokerReply | undefined {
  if (!(error instanceof Error)) return undefined;
  const match = /(\d{3}) \([\w-]+\) with message "([^]*)"$/.exec(error.message);
  if (!match) return undefined;
  const { classId, methodId } = error as { classId?: number; methodId?: number };
  return {
    replyCode: Number(match[1]),
    replyText: match[2]!,
    ...(classId === undefined ? {} : { classId }),
    ...(methodId === undefined ? {} : { methodId }),
  };
}

/**
 * Whether the broker refused the virtual host while the connection opened. amqplib reads that
 * `connection.close` but passes on neither its code (530 in RabbitMQ) nor its text.
 */
export function isVhostRefusal(error: unknown): boolean {
  return error instanceof Error &&
    error.message.startsWith("Expected ConnectionOpenOk; got <ConnectionClose");
}
