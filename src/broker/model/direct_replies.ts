import type { Message } from "./message.ts";

/** The pseudo-queue of direct reply-to: https://www.rabbitmq.com/docs/direct-reply-to */
export const REPLY_TO = "amq.rabbitmq.reply-to";

/** The prefix of routing keys that lead to a direct reply-to consumer. */
export const REPLY_TO_PREFIX = `${REPLY_TO}.`;

/** Who takes direct replies. */
export interface ReplyReceiver {
  deliver(message: Message): void;
}

/** The consumers of direct reply-to in all virtual hosts, by the routing keys that lead to them. */
export class DirectReplies {
  readonly #receivers = new Map<string, ReplyReceiver>();

  begin(routingKey: string, receiver: ReplyReceiver): void {
    this.#receivers.set(routingKey, receiver);
  }

  end(routingKey: string): void {
    this.#receivers.delete(routingKey);
  }

  has(routingKey: string): boolean {
    return this.#receivers.has(routingKey);
  }

  /** @returns whether its consumer is there */
  deliver(routingKey: string, message: Message): boolean {
    const receiver = this.#receivers.get(routingKey);
    receiver?.deliver(message);
    return receiver !== undefined;
  }
}
