import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Operation, User } from "./authentication.ts";
import type { Broker } from "../broker.ts";
import type { Channel } from "../channel/channel.ts";
import { ChannelTable } from "./channel_table.ts";
import type { FrameWriter } from "../wire/frame_writer.ts";
import { Handshake, LoginRefused, PROTOCOL_HEADER, PROTOCOL_HEADERS_08 } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";
import { BlockedInput } from "./blocked_input.ts";
import type { Queue } from "../model/queue.ts";
import type { VHost } from "../model/vhost.ts";
import { SocketWriter } from "./socket_writer.ts";
import { erlangBinary } from "../wire/erlang_text.ts";
import type { FieldTable } from "../wire/field_table.ts";
import {
  FRAME_BODY,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  FrameParser,
  type FrameSink,
} from "../wire/frame_parser.ts";
import { type Arguments, decodeMethod, type MethodName, methodName } from "../wire/method_codec.ts";
import { ChannelError, ConnectionError, UnanswerableError } from "../wire/protocol_error.ts";

/** Time a client has from connecting to connection.open, in ms (RabbitMQ's handshake_timeout). */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Time a client has to answer connection.close, and to close the socket, in s; a heartbeat at most. */
const CLOSE_TIMEOUT_SECONDS = 30;
/** Time a client has to read why its bytes are not looked at any more, in s (RabbitMQ's silent close delay). */
const INPUT_CLOSED_SECONDS = 3;
type State = "header" | "handshake" | "open" | "closing" | "closed";

/** A client's connection: handshake, frames to channels, errors to closes, heartbeats, back-pressure. */
export class Connection implements FrameSink {
  readonly id: number;
  readonly broker: Broker;
  /** Capabilities the client announced. */
  readonly capabilities = new Set<string>();
  user: User | undefined;
  #vhost: VHost | undefined;
  readonly #socket: Socket;
  readonly #parser: FrameParser;
  readonly #channels = new ChannelTable(this);
  readonly #exclusiveQueues = new Set<Queue>();
  #state: State = "header";
  /** Nothing is read any more: where the next frame begins is not known. */
  #inputClosed = false;
  #header = Buffer.alloc(0);
  #handshake: Handshake | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** 0 for none. */
  #heartbeatSeconds = 0;
  #heartbeat: Heartbeat | undefined;
  readonly #socketWriter: SocketWriter;
  readonly #blockedInput = new BlockedInput(() => this.broker.connections.size);
  #name = "";
  /** Class and method the client sent last, for the reply to an error. */
  #method = 0;
  #reason = "client closed the socket";
  #ended: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(id: number, socket: Socket, broker: Broker) {
    this.id = id;
    this.#socket = socket;
    this.broker = broker;
    this.#parser = new FrameParser(broker.release.firstFrameMaxBytes);
    broker.connections.add(this);
    broker.emit({ event: "connected", connection: id, remote: `${socket.remoteAddress}` });
    this.#timer = setTimeout(() => this.#drop("handshake timeout"), HANDSHAKE_TIMEOUT_MS);
    this.#socketWriter = new SocketWriter(socket, broker.endOfTurn, {
      wrote: () => this.#heartbeat?.said(),
      pressure: () => this.#pauseOrResume(),
      relieved: () => {
        for (const channel of this.#channels) channel.resumeConsumers();
      },
    });
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error: Error) => this.#reason = error.message);
    socket.on("close", () => this.#gone());
  }

  /** Where frames to the client are written; call `wantFlush` after. */
  get writer(): FrameWriter {
    return this.#socketWriter.writer;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get userName(): string {
    return this.user?.name ?? "";
  }

  get vhost(): VHost {
    return this.#vhost!;
  }

  set vhost(vhost: VHost) {
    this.#vhost = vhost;
  }

  /** Notes what the client says of itself in connection.start-ok. */
  readClientProperties(properties: FieldTable): void {
    const capabilities = properties.get("capabilities");
    if (capabilities?.type === "F") {
      for (const [name, field] of capabilities.value) {
        if (field.value === true) this.capabilities.add(name);
      }
    }
    const name = properties.get("connection_name");
    if (name?.type === "S") this.#name = Buffer.from(name.value, "latin1").toString();
  }

  /** @throws {ChannelError} 403 when the user may not do that. */
  require(operation: Operation, kind: "queue" | "exchange", name: string): void {
    this.user!.require(operation, kind, name, this.vhost.name);
  }

  /** @throws {ChannelError} 403 when the user may do nothing at all with that. */
  requireAny(kind: "queue" | "exchange", name: string): void {
    this.user!.requireAny(kind, name, this.vhost.name);
  }

  /** The queue goes when this connection does. */
  owns(queue: Queue): void {
    this.#exclusiveQueues.add(queue);
  }

  #read(chunk: Buffer): void {
    this.#heartbeat?.heard();
    try {
      if (this.#state === "closed" || this.#inputClosed) return;
      if (this.#blockedInput.holding) {
        this.#blockedInput.add(chunk);
        if (this.#blockedInput.full) this.#pauseOrResume();
        return;
      }
      const bytes = this.#state === "header" ? this.#readHeader(chunk) : chunk;
      if (bytes.length === 0) return;
      const rest = this.#parser.push(bytes, this);
      if (rest.length > 0) this.#blockedInput.add(rest);
    } catch (error) {
      this.#method = 0;
      const known = error instanceof ConnectionError;
      this.#failed(known ? this.#handshake?.unexpected(error) ?? error : error);
      this.#inputClosed = true;
      if (this.#state === "closing") this.#dropAfter(INPUT_CLOSED_SECONDS);
    }
  }

  /** Awaits the protocol header (section 4.2.2). @returns what follows it. */
  #readHeader(chunk: Buffer): Buffer {
    this.#header = Buffer.concat([this.#header, chunk]);
    const head = this.#header.subarray(0, 8);
    const text = head.toString("latin1");
    const { release } = this.broker;
    // RabbitMQ takes the header of AMQP 0-9, and once of 0-8, for 0-9-1.
    const known = release.takesProtocol08
      ? [PROTOCOL_HEADER, ...PROTOCOL_HEADERS_08]
      : [PROTOCOL_HEADER, "AMQP\x01\x01\0\x09"];
    if (!known.some((header) => header.startsWith(text))) {
      // Rule (section 4.2.2): answer an unknown header with the supported one, then close.
      this.#reason = "unknown protocol header";
      const isOtherRevision = head.toString("latin1", 0, 7) === PROTOCOL_HEADER.slice(0, 7);
      const offer = isOtherRevision ? PROTOCOL_HEADER : release.offeredProtocol;
      this.writer.raw(Buffer.from(offer, "latin1"));
      this.#end();
      return Buffer.alloc(0);
    }
    if (head.length < 8) return Buffer.alloc(0);
    this.#state = "handshake";
    this.#handshake = new Handshake(this);
    const rest = this.#header.subarray(8);
    this.#header = Buffer.alloc(0);
    return rest;
  }

  /** Takes one frame; errors become closes here. */
  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void {
    if (this.#state === "closed") return;
    if (this.broker.settings.traceMethods && type === FRAME_METHOD) {
      const method = methodName(bytes, start, end) ?? "unknown";
      this.broker.emit({ event: "method", connection: this.id, channel, method });
    }
    if (type === FRAME_METHOD && end - start >= 4) this.#method = bytes.readUInt32BE(start);
    else this.#method = 0;
    try {
      this.#dispatch(type, channel, bytes, start, end);
    } catch (error) {
      if (error instanceof ChannelError && this.#state === "open") {
        this.#closeChannel(channel, error);
      } else {
        this.#failed(error);
      }
    }
  }

  #dispatch(type: number, number: number, bytes: Buffer, start: number, end: number): void {
    if (this.#state === "open" && number !== 0) {
      const channel = this.#channels.get(number);
      if (channel !== undefined && type <= FRAME_BODY && type !== 0) {
        if (channel.assembling) this.#method = BASIC_PUBLISH;
        else if (type !== FRAME_METHOD) this.#method = 0;
        if (this.#method === CHANNEL_CLOSE && type === FRAME_METHOD) {
          decodeMethod(bytes, start, end); // it may be malformed
          return this.#channels.clientCloses(channel);
        }
        return channel.frame(type, bytes, start, end);
      }
    }
    const octets = () => erlangBinary(bytes.subarray(start, Math.min(end, start + 64)));
    if (type === FRAME_HEARTBEAT) {
      // Rule (section 4.2.7): heartbeats are empty and on channel 0.
      if (number !== 0) {
        throw new ConnectionError("UNEXPECTED_FRAME", `type 8, all octets = ${octets()}`);
      }
      if (end === start) return;
    }
    if (type < FRAME_METHOD || type > FRAME_BODY) {
      throw new ConnectionError(
        "FRAME_ERROR",
        `type ${type}, all octets = ${octets()}: unknown_frame`,
      );
    }
    if (number !== 0 && this.#handshake !== undefined) {
      // Rule (section 2.2.2): channels come after connection.open.
      this.#method = 0;
      const problem = `type ${type}, all octets = ${octets()}`;
      throw this.#handshake.unexpected(new ConnectionError("UNEXPECTED_FRAME", problem));
    }
    if (number !== 0 && this.#state === "open") {
      return this.#channels.frame(type, number, bytes, start, end);
    }
    if (type !== FRAME_METHOD) {
      if (this.#state === "closing") return;
      // Rule (section 4.2.6): channel 0 carries no content.
      this.#method = 0;
      throw new ConnectionError("UNEXPECTED_FRAME", `type ${type}, all octets = ${octets()}`);
    }
    this.#control(bytes, start, end);
  }

  /** Methods on channel 0, and all of them during handshake and close. */
  #control(bytes: Buffer, start: number, end: number): void {
    if (this.#state === "closing") {
      // Rule (connection.close): after it only its answer, or a crossing close, is looked at.
      if (this.#method === CONNECTION_CLOSE_OK) this.#end();
      else if (this.#method === CONNECTION_CLOSE) this.send("connection.close-ok", {});
      return;
    }
    const method = decodeMethod(bytes, start, end);
    if (method === undefined) throw new UnanswerableError("unknown method");
    if (this.#handshake !== undefined) {
      if (this.#handshake.method(method)) this.#opened(this.#handshake);
      return;
    }
    if (method.name === "connection.close") return this.#clientCloses();
    if (method.name === "connection.update-secret") {
      return this.send("connection.update-secret-ok", {});
    }
    throw new ConnectionError("CHANNEL_ERROR", "unexpected method in connection state running");
  }

  /** From connection.tune-ok on. @param seconds the interval agreed on, 0 for none */
  startHeartbeat(seconds: number): void {
    this.#heartbeatSeconds = seconds;
    if (seconds === 0) return;
    this.#heartbeat = new Heartbeat(seconds, {
      listening: () => !this.#paused,
      beat: () => {
        this.writer.heartbeat();
        this.wantFlush();
      },
      lost: () => this.#drop("missed heartbeats"),
    });
  }

  #opened({ session }: Handshake): void {
    clearTimeout(this.#timer);
    this.#handshake = undefined;
    this.#state = "open";
    this.#channels.max = session.channelMax;
    this.#parser.maxFrameBytes = session.frameMaxBytes;
    this.writer.maxFrameBytes = session.frameMaxBytes;
    this.broker.emit({
      event: "opened",
      connection: this.id,
      user: Buffer.from(this.userName, "latin1").toString(),
      vhost: Buffer.from(this.vhost.name, "latin1").toString(),
      name: this.#name,
    });
  }

  #closeChannel(number: number, error: ChannelError): void {
    this.#channels.close(number, this.#closeArguments(error));
    this.broker.emit({
      event: "channel-error",
      connection: this.id,
      channel: number,
      replyCode: error.replyCode,
      reason: Buffer.from(error.replyText, "latin1").toString(),
    });
  }

  #closeArguments(error: ChannelError | ConnectionError): Arguments<"connection.close"> {
    const { replyCode, replyText } = error;
    return { replyCode, replyText, classId: this.#method >>> 16, methodId: this.#method & 0xffff };
  }

  /** Closes the connection because of an error in what class and method the client called. */
  fail(error: ConnectionError, classId: number, methodId: number): void {
    this.#method = (classId << 16) | methodId;
    this.#failed(error);
  }

  #failed(error: unknown): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    if (error instanceof LoginRefused || error instanceof UnanswerableError) {
      const replyCode = error instanceof LoginRefused ? error.replyCode : 0;
      this.broker.emit({ event: "refused", connection: this.id, replyCode, reason: error.message });
    }
    if (error instanceof UnanswerableError) {
      this.#socket.resetAndDestroy();
      return this.#drop(error.message);
    }
    if (error instanceof LoginRefused && !this.capabilities.has("authentication_failure_close")) {
      return this.#drop(error.message);
    }
    const known = error instanceof ConnectionError || error instanceof ChannelError;
    const reply = known ? error : new ConnectionError("INTERNAL_ERROR", "");
    if (!known) {
      const reason = error instanceof Error ? `${error.stack}` : String(error);
      this.broker.emit({ event: "internal-error", connection: this.id, reason });
    }
    if (reply instanceof ConnectionError && !reply.namesMethod) this.#method = 0;
    this.#startClosing(reply);
  }

  #startClosing(error: ChannelError | ConnectionError): void {
    this.broker.emit({
      event: "connection-error",
      connection: this.id,
      replyCode: error.replyCode,
      reason: Buffer.from(error.replyText, "latin1").toString(),
    });
    this.#reason = Buffer.from(error.message, "latin1").toString();
    this.#release();
    this.#state = "closing";
    this.send("connection.close", this.#closeArguments(error));
    // A refused login is not asked for close-ok: the socket ends at once.
    if (error instanceof LoginRefused) return this.#end();
    this.#dropAfter(this.#closeTimeoutSeconds);
    this.#readBlocked();
  }

  #clientCloses(): void {
    this.#reason = "closed by the client";
    for (const channel of this.#channels) channel.flushConfirms();
    this.#release();
    // Rule (connection.close-ok): it is the client that closes the socket now. If we did, one that
    // still writes on other channels might find it broken before it has read close-ok.
    this.#state = "closing";
    this.send("connection.close-ok", {});
    this.#dropAfter(this.#closeTimeoutSeconds);
  }

  get #closeTimeoutSeconds(): number {
    return Math.min(this.#heartbeatSeconds || Infinity, CLOSE_TIMEOUT_SECONDS);
  }

  /** Drops the socket then, if the client has not closed it. */
  #dropAfter(seconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.destroy(), seconds * 1_000);
  }

  /** Broker stop: 320 to the client. Resolves once the socket is closed. */
  shutDown(): Promise<void> {
    if (this.#state === "open" || this.#state === "handshake") {
      this.#method = 0;
      const text = "broker forced connection closure with reason 'shutdown'";
      this.#startClosing(new ConnectionError("CONNECTION_FORCED", text));
    } else {
      this.#drop(this.#state === "closing" ? this.#reason : "shutdown");
    }
    return this.#ended.promise;
  }

  /** Drops the socket without a word. */
  destroy(): void {
    this.#drop("dropped");
  }

  #drop(reason: string): void {
    if (this.#state === "closed") return;
    this.#reason = reason;
    this.#release();
    this.#state = "closed";
    this.#socket.destroy();
  }

  /** Sends what is left, then closes the socket. */
  #end(): void {
    this.broker.endOfTurn.run();
    this.#socketWriter.endTurn();
    this.#socketWriter[Symbol.dispose]();
    this.#state = "closed";
    this.#socket.end();
    this.#dropAfter(this.#closeTimeoutSeconds);
  }

  /** Gives back all the client held. */
  #release(): void {
    this.#channels.release();
    for (const queue of this.#exclusiveQueues) this.#vhost?.deleteQueue(queue);
    this.#exclusiveQueues.clear();
  }

  #gone(): void {
    clearTimeout(this.#timer);
    this.#heartbeat?.[Symbol.dispose]();
    this.#socketWriter[Symbol.dispose]();
    this.#release();
    this.#state = "closed";
    if (this.broker.connections.delete(this)) {
      this.broker.emit({ event: "disconnected", connection: this.id, reason: this.#reason });
    }
    this.#ended.resolve();
  }

  /** Sends a method on channel 0. */
  send<M extends MethodName>(name: M, args: Arguments<M>): void {
    this.writer.method(0, name, args);
    this.wantFlush();
  }

  /** Sends what was written in this turn at its end, in one go. */
  wantFlush(): void {
    this.#socketWriter.wantFlush();
  }

  /** Whether deliveries may be sent: the client reads what it was sent before. */
  canSend(): boolean {
    return !this.#socketWriter.congested && this.#state === "open";
  }

  get #paused(): boolean {
    return this.#socketWriter.overfull || this.#blockedInput.full;
  }

  #pauseOrResume(): void {
    if (this.#paused && this.#state !== "closing") this.#socket.pause();
    else this.#socket.resume();
  }

  /** The client publishes: while memory is short it is told so and not read. */
  notePublish(): void {
    if (!this.broker.blocked || this.#blockedInput.holding) return;
    this.#blockedInput.holding = true;
    this.#parser.pause(); // what is behind waits too: a chunk for a fanout may grow a thousandfold
    if (!this.capabilities.has("connection.blocked")) return;
    this.send("connection.blocked", { reason: "low on memory" });
  }

  /** Memory is no longer short. */
  unblock(): void {
    if (!this.#blockedInput.holding) return;
    if (this.capabilities.has("connection.blocked")) this.send("connection.unblocked", {});
    this.#readBlocked();
  }

  #readBlocked(): void {
    for (const chunk of this.#blockedInput.release()) this.#read(chunk);
    this.#pauseOrResume();
  }

  /** Closes channels whose oldest delivery was made before that time. */
  checkConsumerTimeout(beforeMs: number): void {
    for (const channel of this.#channels) {
      const oldest = channel.unacked.oldest();
      if (oldest === undefined || oldest.deliveredAtMs >= beforeMs) continue;
      this.closeOverdue(channel, this.broker.settings.consumerTimeoutMs);
    }
  }

  /** Closes a channel that holds an overdue delivery. @param timeoutMs as the client is told */
  closeOverdue(channel: Channel, timeoutMs: number): void {
    this.#method = 0;
    const text = `delivery acknowledgement on channel ${channel.number} timed out. Timeout value ` +
      `used: ${timeoutMs} ms. This timeout value can be configured, see consumers doc guide to ` +
      "learn more";
    this.#closeChannel(channel.number, new ChannelError("PRECONDITION_FAILED", text));
  }
}

const CONNECTION_CLOSE = (10 << 16) | 50;
const CONNECTION_CLOSE_OK = (10 << 16) | 51;
const BASIC_PUBLISH = (60 << 16) | 40;
const CHANNEL_CLOSE = (20 << 16) | 40;
