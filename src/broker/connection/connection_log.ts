import type { Buffer } from "node:buffer";
import type { Broker } from "../broker.ts";
import type { BrokerEvent } from "../broker_event.ts";
import type { Churn } from "../churn.ts";
import { FRAME_METHOD } from "../wire/frame_parser.ts";
import { methodName } from "../wire/method_codec.ts";
import type { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import type { HandshakeResult } from "./handshake.ts";
import { textOf } from "../wire/octets.ts";

/** What happens on one connection, told as events of the broker, and counted. */
export class ConnectionLog {
  readonly #connection: number;
  readonly #emit: (event: BrokerEvent) => void;
  readonly #churn: Churn;
  #opened = false;

  constructor(connection: number, { emit, churn }: Pick<Broker, "emit" | "churn">) {
    this.#connection = connection;
    this.#emit = emit;
    this.#churn = churn;
  }

  connected(remote: string): void {
    this.#emit({ event: "connected", connection: this.#connection, remote });
  }

  opened({ user, vhost, name }: HandshakeResult): void {
    this.#opened = true;
    this.#churn.connectionCreated++;
    this.#emit({
      event: "opened",
      connection: this.#connection,
      user: textOf(user.name),
      vhost: textOf(vhost.name),
      name,
    });
  }

  /** A method, if it is one. */
  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void {
    if (type !== FRAME_METHOD) return;
    const method = methodName(bytes, start, end) ?? "unknown";
    this.#emit({ event: "method", connection: this.#connection, channel, method });
  }

  /** The client was not let in. @param replyCode 0 where it got no answer */
  refused(replyCode: number, octets: string): void {
    const [connection, reason] = [this.#connection, textOf(octets)];
    this.#emit({ event: "refused", connection, replyCode, reason });
  }

  channelError(channel: number, { replyCode, replyText }: ChannelError): void {
    const [connection, reason] = [this.#connection, textOf(replyText)];
    this.#emit({ event: "channel-error", connection, channel, replyCode, reason });
  }

  connectionError({ replyCode, replyText }: ChannelError | ConnectionError): void {
    const [connection, reason] = [this.#connection, textOf(replyText)];
    this.#emit({ event: "connection-error", connection, replyCode, reason });
  }

  /** A bug of the broker. */
  internalError(reason: string): void {
    this.#emit({ event: "internal-error", connection: this.#connection, reason });
  }

  disconnected(reason: string): void {
    if (this.#opened) this.#churn.connectionClosed++;
    this.#emit({ event: "disconnected", connection: this.#connection, reason });
  }
}
