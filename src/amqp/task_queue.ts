import type { Connection } from "./connection.ts";
import { type ChannelClosed, channelReplyCode } from "./errors.ts";
import { currentValue, inequivalentArgument } from "./inequivalent_argument.ts";
import { type ArgumentValue, declareQueue, type QueueDeclaration, queueExists } from "./queue.ts";
import { ACCESS_REFUSED, PRECONDITION_FAILED } from "./reply_code.ts";
import { withChannel } from "./with_channel.ts";

/** A queue as the user asks for it; what is left open is taken as it is where the queue exists. */
export interface QueueRequest {
  readonly name: string;
  /** False: used where it exists, and never declared. */
  readonly declare: boolean;
  /** Undefined: durable where it has to be declared. */
  readonly durable?: boolean;
  /** For example `{"x-queue-type": "quorum"}`. */
  readonly arguments: Readonly<Record<string, ArgumentValue>>;
}

/**
 * The queue of one run: taken as it is where it exists, declared where it is missing.
 *
 * AMQP tells of a queue that it exists, and not what it is like: only the refusal of a declaration
 * that differs (406) names one property. Such a refusal is an `[error]` line in the broker's log,
 * so a queue is declared over an existing one only where the user asks for something in particular,
 * or where its type has to be known.
 */
export class TaskQueue {
  readonly #request: QueueRequest;
  readonly #onFound: (queue: QueueDeclaration) => void;
  #declared: Promise<QueueDeclaration> | undefined;
  #told = false;

  /**
   * @param options.onFound told once, when it is known that the queue exists and is not what would
   *   have been declared
   */
  constructor(
    request: QueueRequest,
    { onFound }: { readonly onFound: (queue: QueueDeclaration) => void },
  ) {
    this.#request = request;
    this.#onFound = onFound;
  }

  get name(): string {
    return this.#request.name;
  }

  /**
   * Sees to it that the queue is there, on each connection anew.
   *
   * @throws {ChannelClosed} 406 when it is not what the user asked for; 403, 405
   * @throws {ConnectionLost}
   * @throws {DeadlineExceeded}
   */
  async take(connection: Connection): Promise<void> {
    const { name, declare, durable, arguments: args } = this.#request;
    if (!declare) return;
    const particular = durable !== undefined || Object.keys(args).length > 0;
    if (particular || !await queueExists(connection, name)) await this.#declare(connection);
  }

  /**
   * Whether it is a quorum queue. What cannot be found out counts as none: that of a queue that
   * must not be declared, by this user or at all, or that has an argument that no flag can write.
   *
   * @throws {AmqpError} as `take` does
   */
  async isQuorum(connection: Connection): Promise<boolean> {
    const asked = this.#request.arguments["x-queue-type"];
    if (asked !== undefined || !this.#request.declare) return asked === "quorum";
    try {
      const { arguments: args } = await (this.#declared ?? this.#declare(connection));
      return args["x-queue-type"] === "quorum";
    } catch (error) {
      const replyCode = channelReplyCode(error);
      if (replyCode === ACCESS_REFUSED || replyCode === PRECONDITION_FAILED) return false;
      throw error;
    }
  }

  async #declare(connection: Connection): Promise<QueueDeclaration> {
    this.#declared = this.#discover(connection);
    try {
      return await this.#declared;
    } catch (error) {
      this.#declared = undefined;
      throw error;
    }
  }

  /** Declares what was asked for; adopts, one by one, what is different and was not asked for. */
  async #discover(connection: Connection): Promise<QueueDeclaration> {
    const { name, durable = true, arguments: asked } = this.#request;
    let queue: QueueDeclaration = { name, durable, arguments: asked };
    for (let adopted = 0;; adopted++) {
      try {
        await withChannel(connection, (channel) => declareQueue(channel, queue));
        if (adopted > 0 && !this.#told) {
          this.#told = true;
          this.#onFound(queue);
        }
        return queue;
      } catch (error) {
        queue = this.#adopt(queue, error);
      }
    }
  }

  /** @throws the refusal, where it is not of something that was left open */
  #adopt(queue: QueueDeclaration, refusal: unknown): QueueDeclaration {
    const difference = channelReplyCode(refusal) === PRECONDITION_FAILED
      ? inequivalentArgument((refusal as ChannelClosed).reply!.replyText)
      : undefined;
    const value = difference && currentValue(difference);
    if (!difference || value === undefined) throw refusal;
    const { name } = difference;
    if (name === "durable" && this.#request.durable === undefined && value !== queue.durable) {
      return { ...queue, durable: value === true };
    }
    if (name === "auto_delete" && value === true && !queue.autoDelete) {
      return { ...queue, autoDelete: true };
    }
    if (!name.startsWith("x-") || name in queue.arguments) throw refusal;
    return { ...queue, arguments: { ...queue.arguments, [name]: value } };
  }
}
