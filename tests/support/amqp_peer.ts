import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  encodeFrame,
  FRAME_BODY,
  FRAME_END,
  FRAME_HEADER,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  FRAME_OVERHEAD_BYTES,
} from "./amqp_frame.ts";
import { BASIC_CLASS } from "./amqp_methods.ts";
import {
  decodeHeader,
  decodeMethod,
  encodeHeader,
  encodeMethod,
  type Fields,
} from "./amqp_wire.ts";
import { within } from "./deadline.ts";
import { Inbox } from "./inbox.ts";

/** The protocol header that opens an AMQP 0-9-1 connection (section 4.2.2). */
export const PROTOCOL_HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);

export interface Frame {
  type: number;
  channel: number;
  payload: Buffer;
}

/** A message as it came: the method that announced it, its header and its body. */
export interface Content {
  method: Fields;
  properties: Fields;
  /** Property flags and values, byte for byte. */
  rawProperties: Buffer;
  body: Buffer;
  /** Payload sizes of the body frames. */
  bodyFrames: number[];
}

export interface OpenOptions {
  user?: string;
  password?: string;
  vhost?: string;
  clientProperties?: Fields;
  tuneOk?: { channelMax?: number; frameMax?: number; heartbeat?: number };
}

/**
 * One end of an AMQP connection under the test's full control: it sends what it is told, right or
 * wrong, and expects what the test names. Each step waits for the broker, none for time.
 */
export class AmqpPeer implements AsyncDisposable {
  /** The first bytes that the broker sent when they are not a frame: its protocol header. */
  readonly refusals = new Inbox<Buffer>();
  readonly #socket: Socket;
  readonly #frames = new Inbox<Frame>();
  readonly #heartbeats = new Inbox<Frame>();
  readonly #ended: Promise<unknown>;
  #received: Buffer = Buffer.alloc(0);
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("data", (chunk: Buffer) => this.#parse(chunk));
    socket.on("error", () => {}); // "close" follows, and says all that a test asks
    socket.on("close", () => {
      this.#closed = true;
      const end = new Error("the broker closed the socket");
      for (const inbox of [this.refusals, this.#frames, this.#heartbeats]) inbox.end(end);
    });
  }

  /** Opens the TCP connection and says nothing. */
  static async dial(url: string): Promise<AmqpPeer> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port || 5672), noDelay: true });
    await within(once(socket, "connect"), "a TCP connection");
    return new AmqpPeer(socket);
  }

  /** Performs the whole handshake up to open-ok. */
  static async open(url: string, options: OpenOptions = {}): Promise<AmqpPeer> {
    const peer = await AmqpPeer.dial(url);
    try {
      await peer.login(url, options);
      peer.send(0, "connection.open", { virtualHost: options.vhost ?? "/" });
      await peer.expect("connection.open-ok");
    } catch (error) {
      await peer[Symbol.asyncDispose]();
      throw error;
    }
    return peer;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Sends the header and logs in with PLAIN; ends after tune-ok. */
  async login(url: string, options: OpenOptions = {}): Promise<void> {
    const { username, password } = new URL(url);
    this.sendBytes(PROTOCOL_HEADER);
    await this.expect("connection.start");
    this.send(0, "connection.start-ok", {
      clientProperties: options.clientProperties,
      mechanism: "PLAIN",
      response: `\0${options.user ?? username}\0${options.password ?? password}`,
      locale: "en_US",
    });
    const tune = await this.expect("connection.tune");
    const { channelMax, frameMax } = tune;
    this.send(0, "connection.tune-ok", { channelMax, frameMax, heartbeat: 0, ...options.tuneOk });
  }

  async openChannel(channel: number): Promise<void> {
    this.send(channel, "channel.open");
    await this.expect("channel.open-ok", channel);
  }

  /** Sends a method and waits for its answer. */
  call(channel: number, method: string, args: Fields = {}): Promise<Fields> {
    this.send(channel, method, args);
    return this.expect(method === "basic.get" ? "basic.get-ok" : `${method}-ok`, channel);
  }

  send(channel: number, method: string, args: Fields = {}): void {
    this.sendFrame(FRAME_METHOD, channel, encodeMethod(method, args));
  }

  /** Sends a content header of class `basic`, unless told otherwise. */
  sendHeader(
    channel: number,
    header: { bodySize: number; properties?: Fields; classId?: number },
  ): void {
    const { classId = BASIC_CLASS, bodySize, properties = {} } = header;
    this.sendFrame(FRAME_HEADER, channel, encodeHeader(classId, bodySize, properties));
  }

  sendBody(channel: number, body: Buffer | string): void {
    this.sendFrame(FRAME_BODY, channel, Buffer.from(body as string));
  }

  /** Sends basic.publish, header and body, the body in frames of at most `bodyFrameBytes`. */
  publish(
    channel: number,
    args: Fields,
    body: Buffer | string = "",
    content: { properties?: Fields; bodyFrameBytes?: number } = {},
  ): void {
    const bytes = Buffer.from(body as string);
    const { properties = {}, bodyFrameBytes = 4096 - FRAME_OVERHEAD_BYTES } = content;
    this.send(channel, "basic.publish", args);
    this.sendHeader(channel, { bodySize: bytes.length, properties });
    for (let at = 0; at < bytes.length; at += bodyFrameBytes) {
      this.sendBody(channel, bytes.subarray(at, at + bodyFrameBytes));
    }
  }

  sendHeartbeat(channel = 0): void {
    this.sendFrame(FRAME_HEARTBEAT, channel, Buffer.alloc(0));
  }

  sendFrame(type: number, channel: number, payload: Buffer): void {
    this.sendBytes(encodeFrame(type, channel, payload));
  }

  /** Sends in one piece what `send` sends, so that the broker reads it at once. */
  together(send: () => void): void {
    this.#socket.cork();
    send();
    this.#socket.uncork();
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** The next frame must be this method on this channel; answers its arguments. */
  async expect(method: string, channel = 0): Promise<Fields> {
    const frame = await this.nextFrame(method);
    const got = describe(frame);
    assert.equal(
      `${got.name} on channel ${frame.channel}`,
      `${method} on channel ${channel}`,
      got.text,
    );
    return got.args;
  }

  /** The next frames must be this method with a message. */
  async expectContent(method: string, channel: number): Promise<Content> {
    const args = await this.expect(method, channel);
    const header = await this.nextFrame("a content header");
    assert.equal(header.type, FRAME_HEADER);
    const { bodySize, properties, raw } = decodeHeader(header.payload);
    const chunks: Buffer[] = [];
    let missing = bodySize;
    while (missing > 0) {
      const frame = await this.nextFrame("a body frame");
      assert.equal(frame.type, FRAME_BODY);
      chunks.push(frame.payload);
      missing -= frame.payload.length;
    }
    const bodyFrames = chunks.map((chunk) => chunk.length);
    return {
      method: args,
      properties,
      rawProperties: raw,
      body: Buffer.concat(chunks),
      bodyFrames,
    };
  }

  /** The broker must close this channel with this reply code; answers close-ok. */
  async expectChannelClose(channel: number, replyCode: number): Promise<Fields> {
    const args = await this.expect("channel.close", channel);
    assert.equal(args.replyCode, replyCode, String(args.replyText));
    this.send(channel, "channel.close-ok");
    return args;
  }

  /** The broker must close the connection with this reply code, and the socket after close-ok. */
  async expectConnectionClose(replyCode: number): Promise<Fields> {
    const args = await this.expect("connection.close");
    assert.equal(args.replyCode, replyCode, String(args.replyText));
    this.send(0, "connection.close-ok");
    await this.expectEnd();
    return args;
  }

  async expectHeartbeat(): Promise<Frame> {
    return await this.#heartbeats.next("a heartbeat");
  }

  /** The broker must close the socket; whatever it says before is passed over. */
  async expectEnd(): Promise<void> {
    await within(this.#ended, "the broker to close the socket");
  }

  /** The broker must close the socket and say nothing before. */
  async expectSilentEnd(): Promise<void> {
    assert.equal(this.#frames.size, 0, "the broker said something");
    await this.expectEnd();
    assert.equal(this.#frames.size, 0, "the broker said something");
  }

  async nextFrame(awaited: string): Promise<Frame> {
    return await this.#frames.next(awaited);
  }

  /** Hands over the socket: the test reads it, or does not, and this peer parses nothing more. */
  detach(): Socket {
    assert.equal(this.#received.length, 0, "the broker said more than was expected");
    return this.#socket.removeAllListeners("data").pause();
  }

  /**
   * Closes the connection in order; the broker must not have said anything that was not expected.
   */
  async close(): Promise<void> {
    await this.call(0, "connection.close", { replyCode: 200 });
    await this[Symbol.asyncDispose]();
  }

  /** Cuts the socket without a word. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.#ended;
  }

  #parse(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (this.#received.subarray(0, 4).equals(PROTOCOL_HEADER.subarray(0, 4))) {
      if (this.#received.length < 8) return;
      this.refusals.push(this.#received.subarray(0, 8));
      this.#received = this.#received.subarray(8);
    }
    while (this.#received.length >= FRAME_OVERHEAD_BYTES) {
      const end = 7 + this.#received.readUInt32BE(3);
      if (this.#received.length <= end) return;
      assert.equal(this.#received[end], FRAME_END, "the broker's frame has no frame-end");
      const frame = {
        type: this.#received.readUInt8(0),
        channel: this.#received.readUInt16BE(1),
        payload: this.#received.subarray(7, end),
      };
      this.#received = this.#received.subarray(end + 1);
      (frame.type === FRAME_HEARTBEAT ? this.#heartbeats : this.#frames).push(frame);
    }
  }
}

function describe(frame: Frame): { name: string; args: Fields; text: string } {
  if (frame.type !== FRAME_METHOD) {
    return { name: `frame of type ${frame.type}`, args: {}, text: frame.payload.toString("hex") };
  }
  const { name, args } = decodeMethod(frame.payload);
  return { name, args, text: `${name} ${JSON.stringify(args)}` };
}
