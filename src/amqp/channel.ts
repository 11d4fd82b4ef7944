import type { Channel as AmqplibChannel } from "amqplib";
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
  #closing: Promise<void> | undefined;

  private constructor(raw: AmqplibChannel, connection: Connection) {
    this.raw = raw;
    this.#timeoutMs = connection.timeoutMs;
    const { promise, resolve } = Promise.withResolvers<AmqpError | undefined>();
    this.ended = promise;
    let failure: Error | undefined;
    raw.on("error", (error) => failure = error);
    raw.on("close", () => {
      if (failure) return resolve(closedBy(failure));
      if (this.#closing) return resolve(undefined);
      // Without an error of its own it went down with its connection, which tells why just after.
      connection.ended.then((lost) => resolve(lost ?? new ConnectionLost("connection closed")));
    });
  }

  /** @param options.confirm switches publisher confirms on (`confirm.select`) */
  static async open(connection: Connection, options: { confirm: boolean }): Promise<Channel> {
    const { model } = connection;
    const opening = options.confirm ? model.createConfirmChannel() : model.createChannel();
    try {
      const raw = await withDeadline("channel.open-ok", connection.timeoutMs, opening);
      return new Channel(raw, connection);
    } catch (error) {
      if (!isAmqplibClosedError(error)) throw error;
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
    if (isAmqplibClosedError(error)) return await this.ended ?? error;
    return error;
  }

  /**
   * Closes in order: when it returns, the broker has handled all that was sent on this channel.
   * Idempotent.
   *
   * @throws {DeadlineExceeded} the broker did not answer
   */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      try {
        await withDeadline("channel.close-ok", this.#timeoutMs, this.raw.close());
      } catch (error) {
        if (!isAmqplibClosedError(error)) throw error;
      }
    })();
    return this.#closing;
  }
}

function closedBy(error: Error): ChannelClosed {
  const reply = replyOf(error);
  return new ChannelClosed(reply?.replyText ?? error.message, { cause: error, reply });
}

/** amqplib refuses operations on a closed channel, and drops the pending ones, with codeless errors. */
function isAmqplibClosedError(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "IllegalOperationError" || error.name === "Error");
}
