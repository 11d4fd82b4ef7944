import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Broker, BrokerConnection } from "../broker.ts";
import type { FrameWriter } from "../channel/frame_writer.ts";
import type { Arguments, MethodName } from "../wire/method_codec.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import { ConnectionLog } from "./connection_log.ts";
import { type ConnectionParts, PLAIN_PARTS } from "./connection_parts.ts";
import { closeArguments, consequenceOf } from "./consequence.ts";
import { type ControlHost, FrameRouter } from "./frame_router.ts";
import { Handshake, type HandshakeHost, type HandshakeResult, LoginRefused } from "./handshake.ts";
import { limitHandshake } from "./handshake_limit.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Inbound, type InboundSink } from "./inbound.ts";
import { type ClientConnection, OpenClient } from "./open_client.ts";
import { SocketEnd } from "./socket_end.ts";
import { SocketPath } from "./socket_path.ts";
import { SocketReading } from "./socket_reading.ts";
import { SocketWriter } from "./socket_writer.ts";
import { Traffic } from "./traffic.ts";
import { textOf } from "../wire/octets.ts";

type State = "header" | "handshake" | "open" | "closing" | "closed";

/** A client's connection, from its socket to its end: errors become closes, pressure a pause. */
export class Connection
  implements InboundSink, HandshakeHost, ControlHost, ClientConnection, BrokerConnection {
  readonly id: number;
  readonly broker: Broker;
  readonly parts: ConnectionParts;
  /** Settles when the socket is closed. */
  readonly ended: Promise<void>;
  readonly path: SocketPath;
  readonly traffic = new Traffic();
  readonly #socket: Socket;
  readonly #reading: SocketReading;
  readonly inbound: Inbound;
  readonly frames = new FrameRouter(this);
  readonly #socketWriter: SocketWriter;
  readonly #log: ConnectionLog;
  readonly #end: SocketEnd;
  #state: State = "header";
  /** From connection.open-ok on. */
  #client: OpenClient | undefined;
  #heartbeat: Heartbeat | undefined;
  /** It publishes while memory is short. */
  #waits = false;

  constructor(id: number, socket: Socket, broker: Broker, parts = PLAIN_PARTS) {
    this.id = id;
    this.parts = parts;
    this.#socket = socket;
    this.#reading = new SocketReading(socket, () => this.isOpen && this.#beat());
    this.broker = broker;
    this.#log = new ConnectionLog(id, broker);
    this.#end = new SocketEnd(socket);
    this.ended = this.#end.closed;
    this.inbound = new Inbound(this, broker, this.traffic);
    broker.connections.add(this);
    this.path = new SocketPath(socket);
    this.#log.connected(`${socket.remoteAddress}`);
    limitHandshake(this.#end, {
      lasts: () => this.#state === "header" || this.#state === "handshake",
      waits: () => this.inbound.waits,
      timedOut: () => this.drop("handshake timeout"),
    });
    this.#socketWriter = new SocketWriter(parts.output(socket), broker, this.traffic, {
      wrote: () => this.#heartbeat?.said(),
      failed: (error) => {
        this.fail(error, 0, 0);
        this.drop("dropped");
      },
      pressure: () => this.pressure(),
      relieved: () => this.#client && broker.workload.add(this.#client),
      refused: () => this.drop("memory is short, and the client does not read"),
    });
    socket.on("data", (chunk: Buffer) => {
      this.#heartbeat?.heard();
      this.inbound.read(chunk);
    });
    socket.on("close", (failed) => failed ? this.#gone() : this.inbound.end(() => this.#gone()));
  }

  get writer(): FrameWriter {
    return this.#socketWriter.writer;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** What it has opened: undefined before and after that. */
  get client(): OpenClient | undefined {
    return this.isOpen ? this.#client : undefined;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  unreadable(error: unknown): void {
    this.frames.method = 0;
    const known = error instanceof ConnectionError;
    this.#failed(known ? this.frames.unexpected(error) : error);
    if (this.#state === "closing") this.#end.awaitReader();
  }

  refused(offer: string): void {
    this.#end.reason = "unknown protocol header";
    this.writer.raw(Buffer.from(offer, "latin1"));
    this.#sendAndEnd();
  }

  began(version: { major: number; minor: number }): void {
    this.#state = "handshake";
    this.frames.begin(new Handshake(this, version));
  }

  /** Takes one frame; errors become closes here. */
  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void {
    if (this.#state === "closed") return;
    if (this.broker.settings.traceMethods) this.#log.frame(type, channel, bytes, start, end);
    try {
      this.frames.route(type, channel, bytes, start, end);
    } catch (error) {
      this.frameFailed(channel, error, this.frames.method);
    }
  }

  frameFailed(channel: number, error: unknown, method: number): void {
    this.frames.method = method;
    if (error instanceof ChannelError && this.isOpen) this.closeChannel(channel, error, method);
    else this.#failed(error);
  }

  startHeartbeat(seconds: number): void {
    if (seconds === 0) return;
    this.#end.limitTo(seconds);
    this.#heartbeat = new Heartbeat(seconds, {
      listening: () => !this.#paused && !this.inbound.waits,
      beat: () => this.#beat(),
      lost: () => this.drop("missed heartbeats"),
    });
  }

  opened(agreed: HandshakeResult): void {
    this.#end.cancel();
    this.#client = new OpenClient(this, this.#socketWriter, agreed);
    this.frames.open(this.#client);
    this.#state = "open";
    this.inbound.maxFrameBytes = agreed.frameMaxBytes;
    this.writer.maxFrameBytes = agreed.frameMaxBytes;
    this.#log.opened(agreed);
  }

  closeChannel(number: number, error: ChannelError, method = 0): void {
    this.#client!.channels.close(number, closeArguments(error, method));
    this.#log.channelError(number, error);
  }

  fail(error: unknown, classId: number, methodId: number): void {
    this.frames.method = (classId << 16) | methodId;
    this.#failed(error);
  }

  #failed(error: unknown): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    const { end, reply, refused, internal } = consequenceOf(error);
    const { message } = error as Error;
    if (refused !== undefined) this.#log.refused(refused, message);
    if (end !== "close") return this.drop(message, { reset: end === "reset" });
    if (internal !== undefined) this.#log.internalError(internal);
    if (reply instanceof ConnectionError && !reply.namesMethod) this.frames.method = 0;
    this.#startClosing(reply);
  }

  #startClosing(error: ChannelError | ConnectionError): void {
    this.#log.connectionError(error);
    this.#end.reason = textOf(error.replyText);
    this.#client?.release();
    this.#state = "closing";
    this.frames.close();
    this.send("connection.close", closeArguments(error, this.frames.method));
    // A refused login is not asked for close-ok: the socket ends at once.
    if (error instanceof LoginRefused) return this.#sendAndEnd();
    this.#end.awaitClient();
    this.inbound.unblock();
  }

  clientCloses(): void {
    this.#end.reason = "closed by the client";
    for (const channel of this.#client!.channels) channel.flushConfirms();
    this.#client!.release();
    // Rule (connection.close-ok): it is the client that closes the socket now. If we did, one that
    // still writes on other channels might find it broken before it has read close-ok.
    this.#state = "closing";
    this.frames.close();
    this.send("connection.close-ok", {});
    this.#end.awaitClient();
  }

  closeAnswered(): void {
    this.#sendAndEnd();
  }

  /** Broker stop: 320 to the client. Resolves once the socket is closed. */
  shutDown(): Promise<void> {
    if (this.#state === "open" || this.#state === "handshake") {
      this.frames.method = 0;
      const text = "broker forced connection closure with reason 'shutdown'";
      this.#startClosing(new ConnectionError("CONNECTION_FORCED", text));
    } else {
      this.drop(this.#state === "closing" ? this.#end.reason : "shutdown");
    }
    return this.ended;
  }

  hangUp(reason: string): void {
    this.#end.reason = reason;
    this.#client?.release();
    this.#sendAndEnd();
  }

  drop(reason: string, { reset = false } = {}): void {
    if (this.#state === "closed") return;
    this.#end.reason = reason;
    this.#client?.release();
    this.#state = "closed";
    this.inbound.close();
    if (reset) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** Sends what is left, then closes the socket. */
  #sendAndEnd(): void {
    this.broker.endOfTurn.run();
    this.#socketWriter.endTurn();
    this.#socketWriter[Symbol.dispose]();
    this.#state = "closed";
    this.inbound.close();
    this.#socket.end();
    this.#end.awaitClient();
  }

  #gone(): void {
    this.#heartbeat?.[Symbol.dispose]();
    this.#reading[Symbol.dispose]();
    this.#socketWriter[Symbol.dispose]();
    this.#client?.release();
    this.#state = "closed";
    this.inbound.close();
    if (this.broker.connections.delete(this)) this.#log.disconnected(this.#end.reason);
    this.#end.came();
  }

  /** Sends a method on channel 0. */
  send<M extends MethodName>(name: M, args: Arguments<M>): void {
    this.writer.method(0, name, args);
    this.wantFlush();
  }

  wantFlush(): void {
    this.#socketWriter.wantFlush();
  }

  get #paused(): boolean {
    return this.#socketWriter.overfull || this.inbound.full;
  }

  pressure(): void {
    const isFull = this.#socketWriter.overfull && this.#state === "open";
    if (isFull) this.inbound.block(); // the answers to what is read already would not fit either
    else if (!this.#waits) this.inbound.unblock();
    this.#reading.on = !this.#paused || this.#state === "closing";
  }

  notePublish(): void {
    if (!this.broker.memory.short || this.#waits) return;
    this.#waits = true;
    this.inbound.block();
    if (!this.#client!.capabilities.has("connection.blocked")) return;
    this.send("connection.blocked", { reason: "low on memory" });
  }

  #beat(): void {
    this.writer.heartbeat();
    this.wantFlush();
  }

  unblock(): void {
    const told = this.#waits && this.#client!.capabilities.has("connection.blocked");
    this.#waits = false;
    if (told) this.send("connection.unblocked", {});
    this.pressure();
  }

  checkConsumerTimeout(beforeMs: number): void {
    this.#client?.checkConsumerTimeout(beforeMs);
  }
}
