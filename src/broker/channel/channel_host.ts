import type { Broker } from "../broker.ts";
import type { Queue } from "../model/queue.ts";
import type { VHost } from "../model/vhost.ts";
import type { Operation } from "../access/permission.ts";
import type { User } from "../access/user.ts";
import type { FrameWriter } from "./frame_writer.ts";

/** The broker, as far as channels and their methods need it. */
export type ChannelBroker = Pick<
  Broker,
  | "churn"
  | "directReplies"
  | "endOfTurn"
  | "memory"
  | "newName"
  | "now"
  | "operations"
  | "permits"
  | "release"
  | "requirePermitted"
  | "store"
>;

/** A channel, as far as its connection has to know it. */
export interface HostedChannel {
  readonly number: number;
  readonly closed: boolean;
}

/** The connection of a channel, as far as a channel and its methods need it. */
export interface ChannelHost {
  readonly broker: ChannelBroker;
  readonly user: User;
  readonly vhost: VHost;
  /** Capabilities that the client announced. */
  readonly capabilities: ReadonlySet<string>;
  /** Where frames to the client are written; call `wantFlush` after. */
  readonly writer: FrameWriter;
  /** Sends what was written in this turn at its end. */
  wantFlush(): void;
  /** Whether deliveries may be sent: the client reads what it was sent before. */
  canSend(): boolean;
  /** The client publishes: while memory is short it is told so and not read. */
  notePublish(): void;
  /** The queue goes when the connection does. */
  owns(queue: Queue): void;
  /** @throws {ChannelError} 403 when the user may not do that. */
  require(operation: Operation, kind: "queue" | "exchange", name: string): void;
  /** @throws {ChannelError} 403 when the user may do nothing at all with that. */
  requireAny(kind: "queue" | "exchange", name: string): void;
  /**
   * Does the steps of what the channel's client asks for: what the client sends next waits for the
   * last.
   */
  carryOut(channel: HostedChannel, steps: Iterator<unknown>): void;
  /** Closes a channel that holds an overdue delivery. @param timeoutMs as the client is told */
  closeOverdue(channel: number, timeoutMs: number): void;
  /** Closes a channel that holds too much while memory is short. */
  refuse(channel: number): void;
  /** Ends the socket at once and without a word, by a reset if wanted. @param reason for the log */
  drop(reason: string, options: { reset: boolean }): void;
  /** Ends the socket without a word after what was sent already. @param reason for the log */
  hangUp(reason: string): void;
  /** Closes the connection because of an error in what class and method the client called. */
  fail(error: unknown, classId: number, methodId: number): void;
}
