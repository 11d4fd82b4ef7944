import type { Buffer } from "node:buffer";
import { FRAME_BODY, FRAME_METHOD } from "../wire/frame_parser.ts";
import { decodeMethod, methodNumber } from "../wire/method_codec.ts";
import { ConnectionError, UnanswerableError } from "../wire/protocol_error.ts";
import { isHeartbeat, misplaced } from "./frame_place.ts";
import type { Handshake, HandshakeResult } from "./handshake.ts";
import type { OpenClient } from "./open_client.ts";

const CONNECTION_CLOSE = methodNumber("connection.close");
const CONNECTION_CLOSE_OK = methodNumber("connection.close-ok");
const CHANNEL_CLOSE = methodNumber("channel.close");
const BASIC_PUBLISH = methodNumber("basic.publish");

/** What the methods of channel 0 ask of the connection. */
export interface ControlHost {
  /** The handshake is over. */
  opened(agreed: HandshakeResult): void;
  clientCloses(): void;
  /** The client answered connection.close. */
  closeAnswered(): void;
  send(name: "connection.close-ok" | "connection.update-secret-ok", args: object): void;
}

/** Hands each frame to whom it is for: the handshake, one of the client's channels, channel 0. */
export class FrameRouter {
  /** Class and method the client sent last, as replies to errors name them; 0 for none. */
  method = 0;
  readonly #host: ControlHost;
  #handshake: Handshake | undefined;
  #client: OpenClient | undefined;

  constructor(host: ControlHost) {
    this.#host = host;
  }

  /** Frames are the handshake's from now on. */
  begin(handshake: Handshake): void {
    this.#handshake = handshake;
  }

  /** Frames are the channels' from now on. */
  open(client: OpenClient): void {
    this.#handshake = undefined;
    this.#client = client;
  }

  /** Only the answer to connection.close matters from now on. */
  close(): void {
    this.#handshake = undefined;
    this.#client = undefined;
  }

  /** What the handshake makes of an error in the bytes. */
  unexpected(error: ConnectionError): ConnectionError | UnanswerableError {
    return this.#handshake?.unexpected(error) ?? error;
  }

  /** @throws what the frame's receiver throws, and {ConnectionError} where it may not stand */
  route(type: number, number: number, bytes: Buffer, start: number, end: number): void {
    if (type === FRAME_METHOD && end - start >= 4) this.method = bytes.readUInt32BE(start);
    else this.method = 0;
    const client = number === 0 ? undefined : this.#client;
    if (client !== undefined) {
      const input = client.channels.get(number);
      if (input !== undefined && type <= FRAME_BODY && type !== 0) {
        if (input.assembling) this.method = BASIC_PUBLISH;
        else if (type !== FRAME_METHOD) this.method = 0;
        if (this.method === CHANNEL_CLOSE && type === FRAME_METHOD) {
          decodeMethod(bytes, start, end); // it may be malformed
          return client.channels.clientCloses(input.channel);
        }
        return input.frame(type, bytes, start, end);
      }
    }
    if (isHeartbeat(type, number, bytes, start, end)) return;
    if (number !== 0 && this.#handshake !== undefined) {
      // Rule (section 2.2.2): channels come after connection.open.
      this.method = 0;
      throw this.#handshake.unexpected(misplaced(type, bytes, start, end));
    }
    if (client !== undefined) return client.channels.frame(type, number, bytes, start, end);
    if (type !== FRAME_METHOD) {
      if (this.#closing) return;
      // Rule (section 4.2.6): channel 0 carries no content.
      this.method = 0;
      throw misplaced(type, bytes, start, end);
    }
    this.#control(bytes, start, end);
  }

  get #closing(): boolean {
    return this.#handshake === undefined && this.#client === undefined;
  }

  /** Methods on channel 0, and all of them during handshake and close. */
  #control(bytes: Buffer, start: number, end: number): void {
    if (this.#closing) {
      // Rule (connection.close): after it only its answer, or a crossing close, is looked at.
      if (this.method === CONNECTION_CLOSE_OK) this.#host.closeAnswered();
      else if (this.method === CONNECTION_CLOSE) this.#host.send("connection.close-ok", {});
      return;
    }
    const method = decodeMethod(bytes, start, end);
    if (method === undefined) throw new UnanswerableError("unknown method");
    if (this.#handshake !== undefined) {
      const agreed = this.#handshake.method(method);
      if (agreed !== undefined) this.#host.opened(agreed);
      return;
    }
    if (method.name === "connection.close") return this.#host.clientCloses();
    if (method.name === "connection.update-secret") {
      return this.#host.send("connection.update-secret-ok", {});
    }
    throw new ConnectionError("CHANNEL_ERROR", "unexpected method in connection state running");
  }
}
