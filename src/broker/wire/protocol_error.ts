/** Reply codes of AMQP 0-9-1 (section 1.2, constants) that this broker sends. */
export const REPLY_CODES = {
  NO_ROUTE: 312,
  CONNECTION_FORCED: 320,
  ACCESS_REFUSED: 403,
  NOT_FOUND: 404,
  RESOURCE_LOCKED: 405,
  PRECONDITION_FAILED: 406,
  FRAME_ERROR: 501,
  COMMAND_INVALID: 503,
  CHANNEL_ERROR: 504,
  UNEXPECTED_FRAME: 505,
  RESOURCE_ERROR: 506,
  NOT_ALLOWED: 530,
  NOT_IMPLEMENTED: 540,
  INTERNAL_ERROR: 541,
} as const;

/** The name of a reply code, as the specification spells it. */
export type ReplyName = keyof typeof REPLY_CODES;

/** A short string holds that many octets; RabbitMQ ends what is longer with three dots. */
const TEXT_MAX_BYTES = 255;

function replyText(name: ReplyName, explanation: string): string {
  const text = explanation === "" ? name : `${name} - ${explanation}`;
  return text.length > TEXT_MAX_BYTES ? `${text.slice(0, TEXT_MAX_BYTES - 3)}...` : text;
}

/** A refusal that ends the channel alone: the connection answers it with channel.close. */
export class ChannelError extends Error {
  readonly replyCode: number;
  /** Binary string (one character an octet), as RabbitMQ words it. */
  readonly replyText: string;
  /** What the reply text says after its name, whole. */
  readonly explanation: string;

  constructor(name: ReplyName, explanation: string) {
    super(replyText(name, explanation));
    this.explanation = explanation;
    this.name = "ChannelError";
    this.replyCode = REPLY_CODES[name];
    this.replyText = this.message;
  }
}

/** A refusal that ends the whole connection: answered with connection.close. */
export class ConnectionError extends Error {
  readonly replyCode: number;
  /** Binary string (one character an octet), as RabbitMQ words it. */
  readonly replyText: string;
  /** What the reply text says after its name, whole. */
  readonly explanation: string;
  /** Whether the close names the method that caused it; an internal error does not. */
  readonly namesMethod: boolean;

  constructor(name: ReplyName, explanation: string, options: { namesMethod?: boolean } = {}) {
    super(replyText(name, explanation));
    this.name = "ConnectionError";
    this.explanation = explanation;
    this.namesMethod = options.namesMethod ?? name !== "INTERNAL_ERROR";
    this.replyCode = REPLY_CODES[name];
    this.replyText = this.message;
  }
}

/** Methods that only a server sends, and those of other classes. */
export function unimplemented(): ConnectionError {
  return new ConnectionError("COMMAND_INVALID", "unimplemented method");
}

/** Bytes no AMQP peer would send: the socket is dropped without a reply, as RabbitMQ does. */
export class UnanswerableError extends Error {
  override readonly name = "UnanswerableError";
}

/** Rule (section 4.2.6): content without a method that carries it. */
export function methodExpected(): ConnectionError {
  const problem = "expected method frame, got non method frame instead";
  return new ConnectionError("UNEXPECTED_FRAME", problem);
}
