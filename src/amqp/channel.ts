import { type Channel as AmqplibChannel, IllegalOperationError } from "amqplib";
import type { Connection } from "./connection.ts";
import { withDeadline } from "./deadline.ts";
import { type AmqpError, ChannelClosed, ConnectionLost, replyOf } from "./errors.ts";

/**
 * An open channel: requests with deadlines, and one place that knows why it ended. It ends with its
 * connection at the latest.
 */
export class Channel {
  /** Settles when the channel has ended: with the reason, or undefined after `close`. */
  readonly ended: Promise<AmqpError | undefined>;
  /** For the rest of this folder: amqplib's own channel. */
  readonly raw: AmqplibChannel;
  readonly #timeoutMs: number;
  #hasEnded = false;
  #closing: Promise<void> | undefined;

  private constructor(raw: AmqplibChannel, connection: Connection) {
    this.raw = raw;
    this.#timeoutMs = connection.options.timeoutMs;
    const { promise, resolve } = Promise.withResolvers<AmqpError | undefined>();
    this.ended = promise;
    let failure: Error | undefined;
    raw.on("error", (error) => failure = error);
    raw.on("close", () => {
      this.#hasEnded = true;
      if (failure) return resolve(closedBy(failure));
      // Where it went down with its connection, that one tells so just after.
      queueMicrotask(() => resolve(connection.isOpen ? undefined : this.#lostWith(connection)));
    });
  }

  /** @param options.confirm switches publisher confirms on (`confirm.select`) */
  static async open(connection: Connection, options: { confirm: boolean }): Promise<Channel> {
    const { model } = connection;
    const opening = options.confirm ? model.createConfirmChannel() : model.createChannel();
    try {
      const raw = await withDeadline("channel.open-ok", connection.options.timeoutMs, opening);
      return new Channel(raw, connection);
    } catch (error) {
      if (replyOf(error)) throw closedBy(error as Error);
      if (connection.isOpen) throw error;
      throw await connection.ended ?? new ConnectionLost("connection closed", { cause: error });
    }
  }

  /**
   * Runs one request and waits for its answer.
   *
   * @param awaited the answer's name: "queue.declare-ok"
   * @throws {ChannelClosed} the broker refused it
   * @throws {ConnectionLost} the connection went away meanwhile
   * @throws {DeadlineExceeded} no answer in time
   */
  async request<T>(
    awaited: string,
    send: (raw: AmqplibChannel) => Promise<T>,
  ): Promise<T> {
    try {
      return await withDeadline(awaited, this.#timeoutMs, send(this.raw));
    } catch (error) {
      throw await this.explain(error);
    }
  }

  /** The reason behind what amqplib threw: the broker's reply, or how the channel ended. */
  async explain(error: unknown): Promise<unknown> {
    if (replyOf(error)) return closedBy(error as Error);
    if (this.#hasEnded || isChannelClosed(error)) return await this.ended ?? error;
    return error;
  }

  /**
   * Closes in order: when it returns, the broker has handled all that was sent on this channel.
   * Idempotent.
   *
   * @throws {ChannelClosed | ConnectionLost} it had ended before, or ends meanwhile
   * @throws {DeadlineExceeded} the broker did not answer
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    try {
      // amqplib waits for the answer even where the connection is gone.
      const ended = this.#hasEnded ? this.ended : Promise.race([this.raw.close(), this.ended]);
      const reason = await withDeadline("channel.close-ok", this.#timeoutMs, ended);
      if (reason) throw reason;
    } catch (error) {
      if (!isChannelClosed(error)) throw error;
    }
  }

  async #lostWith(connection: Connection): Promise<ConnectionLost | undefined> {
    const lost = await connection.ended;
    return lost ?? (this.#closing ? undefined : new ConnectionLost("connection closed"));
  }
}

function closedBy(error: Error): ChannelClosed {
  const reply = replyOf(error);
  return new ChannelClosed(reply?.replyText ?? error.message, { cause: error, reply });
}

/**
 * Whether amqplib refused to send because the channel has ended, or is about to. An answer that is
 * still waited for when a channel ends comes as an error without any fact: ask the channel then.
 */
export function isChannelClosed(error: unknown): boolean {
  return error instanceof IllegalOperationError;
}
