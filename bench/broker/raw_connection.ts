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
} from "../../tests/support/amqp_frame.ts";
import { BASIC_CLASS, methodIdBytes } from "../../tests/support/amqp_methods.ts";
import {
  decodeMethod,
  encodeHeader,
  encodeMethod,
  type Fields,
} from "../../tests/support/amqp_wire.ts";

/** Class and method id as one number. */
const BASIC_DELIVER = methodIdBytes("basic.deliver").readUInt32BE();
const BASIC_ACK = methodIdBytes("basic.ack").readUInt32BE();
const BASIC_NACK = methodIdBytes("basic.nack").readUInt32BE();

/** The one channel that is used. */
const CHANNEL = 1;

/** What a connection does with the frames that come in numbers. */
export interface Traffic {
  /** The broker confirms publishes. */
  readonly confirmed?: (tag: number, multiple: boolean) => void;
  /** A delivery is complete; its body is `bytes[start, end)`, valid until the call returns. */
  readonly delivered?: (tag: number, bytes: Buffer, start: number, end: number) => void;
  /** All that came in one piece has been handed over: the moment to answer it. */
  readonly pause?: () => void;
}

/**
 * An AMQP client with next to no cost of its own, so that what is measured is the broker.
 *
 * It writes what others encoded and scans what comes for confirms and deliveries. Everything else
 * goes through a slow and general codec, one call at a time. Any surprise ends it with an error.
 */
export class RawConnection implements AsyncDisposable {
  traffic: Traffic = {};
  readonly #socket: Socket;
  readonly #failure = Promise.withResolvers<never>();
  #answer: PromiseWithResolvers<{ name: string; args: Fields }> | undefined;
  #held: Buffer = Buffer.alloc(0);
  #deliveryTag = 0;
  #closing = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#failure.promise.catch(() => {}); // whoever waits hears of it
    socket.on("data", (chunk: Buffer) => {
      try {
        this.#read(chunk);
      } catch (error) {
        this.#failure.reject(error);
        socket.destroy();
      }
    });
    socket.on("error", (error) => this.#failure.reject(error));
    socket.on("close", () => {
      if (!this.#closing) this.#failure.reject(new Error("the broker closed the socket"));
    });
  }

  /** Connects, logs in and opens a channel. */
  static async open(url: string): Promise<RawConnection> {
    const { hostname, port, username, password, pathname } = new URL(url);
    const host = hostname === "localhost" ? "127.0.0.1" : hostname;
    const socket = connect({ host, port: Number(port || 5672), noDelay: true });
    await once(socket, "connect");
    const connection = new RawConnection(socket);
    const start = connection.#next("connection.start");
    socket.write("AMQP\0\0\x09\x01");
    await start;
    const response = `\0${username || "guest"}\0${password || "guest"}`;
    const tune = connection.#next("connection.tune");
    connection.#send(0, "connection.start-ok", {
      mechanism: "PLAIN",
      response,
      locale: "en_US",
    });
    const { channelMax, frameMax } = await tune;
    connection.#send(0, "connection.tune-ok", { channelMax, frameMax, heartbeat: 0 });
    const opened = connection.#next("connection.open-ok");
    connection.#send(0, "connection.open", {
      virtualHost: decodeURIComponent(pathname.slice(1)) || "/",
    });
    await opened;
    await connection.call("channel.open");
    return connection;
  }

  /** Sends a method on the channel and waits for its answer. */
  async call(method: string, args: Fields = {}): Promise<Fields> {
    const answer = this.#next(`${method}-ok`);
    this.#send(CHANNEL, method, args);
    return await answer;
  }

  /** Rejects when the connection fails; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  #send(channel: number, method: string, args: Fields): void {
    this.write(encodeFrame(FRAME_METHOD, channel, encodeMethod(method, args)));
  }

  async #next(name: string): Promise<Fields> {
    this.#answer = Promise.withResolvers();
    const answer = await Promise.race([this.#answer.promise, this.#failure.promise]);
    if (answer.name !== name) {
      throw new Error(`${answer.name} ${JSON.stringify(answer.args)} where ${name} was due`);
    }
    return answer.args;
  }

  #read(chunk: Buffer): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let at = 0;
    while (bytes.length - at >= 7) {
      const start = at + 7;
      const end = start + bytes.readUInt32BE(at + 3);
      if (end >= bytes.length) break;
      if (bytes[end] !== FRAME_END) throw new Error("a frame without its end");
      this.#frame(bytes[at]!, bytes, start, end);
      at = end + 1;
    }
    this.#held = bytes.subarray(at);
    this.traffic.pause?.();
  }

  #frame(type: number, bytes: Buffer, start: number, end: number): void {
    if (type === FRAME_BODY) {
      this.traffic.delivered!(this.#deliveryTag, bytes, start, end);
    } else if (type === FRAME_HEADER) {
      const bodyBytes = bytes.readUInt32BE(start + 8);
      if (bodyBytes === 0) this.traffic.delivered!(this.#deliveryTag, bytes, end, end);
    } else if (type === FRAME_METHOD) {
      this.#method(bytes, start, end);
    } else if (type !== FRAME_HEARTBEAT) {
      throw new Error(`a frame of type ${type}`);
    }
  }

  #method(bytes: Buffer, start: number, end: number): void {
    const id = bytes.readUInt32BE(start);
    if (id === BASIC_DELIVER) {
      this.#deliveryTag = readTag(bytes, start + 5 + bytes[start + 4]!);
    } else if (id === BASIC_ACK) {
      this.traffic.confirmed!(readTag(bytes, start + 4), (bytes[start + 12]! & 1) === 1);
    } else if (id === BASIC_NACK) {
      throw new Error("the broker refused a publish");
    } else {
      const answer = this.#answer;
      const method = decodeMethod(bytes.subarray(start, end));
      if (answer === undefined) throw new Error(`${method.name} ${JSON.stringify(method.args)}`);
      this.#answer = undefined;
      answer.resolve(method);
    }
  }

  /** Closes the connection in order. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#closing = true;
    const closed = once(this.#socket, "close");
    const answer = this.#next("connection.close-ok");
    this.#send(0, "connection.close", { replyCode: 200, replyText: "done" });
    await answer.catch(() => {}); // it had failed before, and said so
    this.#socket.destroy();
    await closed;
  }
}

function readTag(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

/** A method on the channel, with its frame. */
export function encodeCall(method: string, args: Fields): Buffer {
  return encodeFrame(FRAME_METHOD, CHANNEL, encodeMethod(method, args));
}

/** The three frames of a publish; the body is their end but one octet. */
export function encodePublish(
  routingKey: string,
  body: Buffer,
  { persistent, exchange = "", headers }: {
    readonly persistent: boolean;
    /** The default exchange unless told. */
    readonly exchange?: string;
    readonly headers?: Fields;
  },
): Buffer {
  const deliveryMode = persistent ? 2 : 1;
  const properties = { contentType: "text/plain", deliveryMode, ...headers && { headers } };
  return Buffer.concat([
    encodeCall("basic.publish", { exchange, routingKey }),
    encodeFrame(FRAME_HEADER, CHANNEL, encodeHeader(BASIC_CLASS, body.length, properties)),
    encodeFrame(FRAME_BODY, CHANNEL, body),
  ]);
}

/** Octets of a basic.ack with its frame. */
export const ACK_BYTES = 13 + FRAME_OVERHEAD_BYTES;

const ACK = encodeFrame(FRAME_METHOD, CHANNEL, encodeMethod("basic.ack", {}));

/** Writes a basic.ack of one delivery, or of all up to it, with its frame into a buffer. */
export function writeAck(
  bytes: Buffer,
  at: number,
  tag: number,
  { multiple }: { readonly multiple: boolean },
): void {
  bytes.set(ACK, at);
  bytes.writeUInt32BE(Math.floor(tag / 0x1_0000_0000), at + 11);
  bytes.writeUInt32BE(tag >>> 0, at + 15);
  if (multiple) bytes[at + 19] = 1;
}
