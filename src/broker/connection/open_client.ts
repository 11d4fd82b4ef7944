import type { Broker } from "../broker.ts";
import type { ChannelHost, HostedChannel } from "../channel/channel_host.ts";
import type { FrameWriter } from "../channel/frame_writer.ts";
import type { Queue } from "../model/queue.ts";
import type { VHost } from "../model/vhost.ts";
import type { Operation } from "../access/permission.ts";
import { requirePermission } from "../access/require_permission.ts";
import type { User } from "../access/user.ts";
import { tableBytes } from "../model/definition_bytes.ts";
import { outOfMemory } from "../memory_guard.ts";
import { ChannelError } from "../wire/protocol_error.ts";
import type { Work } from "../workload.ts";
import { ChannelTable } from "./channel_table.ts";
import type { ConnectionParts } from "./connection_parts.ts";
import type { HandshakeResult } from "./handshake.ts";
import type { Inbound } from "./inbound.ts";
import type { SocketWriter } from "./socket_writer.ts";

/** The connection of a client, as far as the client's channels reach it. */
export interface ClientConnection {
  readonly broker: Broker;
  readonly parts: ConnectionParts;
  /** Whether it is neither closing nor closed. */
  readonly isOpen: boolean;
  /** The client publishes: while memory is short it is told so and not read. */
  notePublish(): void;
  /** Class and method the client sent last. */
  readonly frames: { readonly method: number };
  readonly inbound: Pick<Inbound, "hold" | "goOn">;
  /** Closes the channel, or the connection, because of an error in what the client has sent. */
  frameFailed(channel: number, error: unknown, method: number): void;
  /** Closes a channel because of something that no method of the client has caused. */
  closeChannel(channel: number, error: ChannelError): void;
  /** Ends the socket at once and without a word, by a reset if wanted. @param reason for the log */
  drop(reason: string, options: { reset: boolean }): void;
  /** Ends the socket without a word after what was sent already. @param reason for the log */
  hangUp(reason: string): void;
  /** Closes the connection because of an error in what class and method the client called. */
  fail(error: unknown, classId: number, methodId: number): void;
}

/** A client that has opened its connection: who it is, its channels and its exclusive queues. */
export class OpenClient implements ChannelHost, Work {
  readonly broker: Broker;
  readonly user: User;
  readonly vhost: VHost;
  /** What the handshake ended with. */
  readonly agreed: HandshakeResult;
  readonly channels: ChannelTable;
  readonly writer: FrameWriter;
  readonly #connection: ClientConnection;
  readonly #socketWriter: SocketWriter;
  readonly #exclusiveQueues = new Set<Queue>();
  #memoryBytes = 0;

  constructor(connection: ClientConnection, socketWriter: SocketWriter, agreed: HandshakeResult) {
    this.broker = connection.broker;
    this.user = agreed.user;
    this.vhost = agreed.vhost;
    this.agreed = agreed;
    this.channels = new ChannelTable(this, connection.parts, agreed.channelMax);
    this.writer = socketWriter.writer;
    this.#connection = connection;
    this.#socketWriter = socketWriter;
    this.#accountMemory(tableBytes(agreed.properties));
  }

  /** Capabilities that the client announced. */
  get capabilities(): ReadonlySet<string> {
    return this.agreed.capabilities;
  }

  wantFlush(): void {
    this.#socketWriter.wantFlush();
  }

  canSend(): boolean {
    return !this.#socketWriter.congested && this.#connection.isOpen;
  }

  notePublish(): void {
    this.#connection.notePublish();
  }

  carryOut(channel: HostedChannel, steps: Iterator<unknown>): void {
    const { frames: { method }, inbound } = this.#connection;
    const isDone = this.broker.operations.run(steps, {
      ended: () => inbound.goOn(),
      failed: (error) => {
        if (channel.closed && error instanceof ChannelError) return; // it is known
        this.#connection.frameFailed(channel.number, error, method);
      },
    });
    if (!isDone) inbound.hold();
  }

  owns(queue: Queue): void {
    this.#exclusiveQueues.add(queue);
  }

  require(operation: Operation, kind: "queue" | "exchange", name: string): void {
    requirePermission(this, operation, kind, name);
  }

  requireAny(kind: "queue" | "exchange", name: string): void {
    requirePermission(this, "any", kind, name);
  }

  drop(reason: string, options: { reset: boolean }): void {
    this.#connection.drop(reason, options);
  }

  hangUp(reason: string): void {
    this.#connection.hangUp(reason);
  }

  fail(error: unknown, classId: number, methodId: number): void {
    this.#connection.fail(error, classId, methodId);
  }

  /** Closes channels whose oldest delivery was made before that time. */
  checkConsumerTimeout(beforeMs: number): void {
    for (const channel of this.channels) {
      const oldest = channel.unacked.oldest();
      if (oldest === undefined || oldest.deliveredAtMs >= beforeMs) continue;
      this.closeOverdue(channel.number, this.broker.settings.consumerTimeoutMs);
    }
  }

  closeOverdue(channel: number, timeoutMs: number): void {
    const text = `delivery acknowledgement on channel ${channel} timed out. Timeout value used: ` +
      `${timeoutMs} ms. This timeout value can be configured, see consumers doc guide to learn more`;
    this.#connection.closeChannel(channel, new ChannelError("PRECONDITION_FAILED", text));
  }

  /** The client reads again: deliveries go on, in a slice of their own. */
  work(): boolean {
    for (const channel of this.channels) channel.resumeConsumers();
    return false;
  }

  failed(error: unknown): void {
    this.fail(error, 0, 0);
  }

  refuse(channel: number): void {
    this.#connection.closeChannel(channel, outOfMemory());
  }

  #accountMemory(bytes: number): void {
    this.broker.memory.accountConnections(bytes - this.#memoryBytes);
    this.#memoryBytes = bytes;
  }

  /** Gives back all that it held. */
  release(): void {
    this.#accountMemory(0);
    this.channels.release();
    for (const queue of this.#exclusiveQueues) this.vhost.deleteQueue(queue);
    this.#exclusiveQueues.clear();
  }
}
