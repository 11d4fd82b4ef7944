import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { SocketOutput } from "../connection/connection_parts.ts";
import { FRAME_METHOD, FRAME_OVERHEAD } from "../wire/frame_parser.ts";
import { DelayedFrames } from "./delayed_frames.ts";
import type { FaultOf } from "./fault.ts";
import { chanceOf } from "./chance.ts";

/** The first octet of a protocol header, which is no frame. */
const HEADER_START = 0x41;

export interface DelayedOutputOptions {
  readonly delay: FaultOf<"delay">;
  readonly seed: number;
  readonly connection: number;
  /** A method waits. */
  readonly onDelay: () => void;
}

/**
 * Sends what a connection writes with delays: each method with its content waits on its own, and
 * none overtakes another of its channel. Channel 0 does not wait, nor do heartbeats.
 */
export class DelayedOutput implements SocketOutput {
  readonly #socket: Socket;
  readonly #options: DelayedOutputOptions;
  readonly #channels = new Map<number, DelayedFrames>();
  readonly #drained: (() => void)[] = [];
  #waitingBytes = 0;

  constructor(socket: Socket, options: DelayedOutputOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("drain", () => this.#drain());
    socket.on("close", () => {
      for (const frames of this.#channels.values()) frames[Symbol.dispose]();
    });
  }

  get writableLength(): number {
    return this.#socket.writableLength + this.#waitingBytes;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  on(_event: "drain", listener: () => void): void {
    this.#drained.push(listener);
  }

  /** @param part whole frames, or a protocol header */
  write(part: Buffer): boolean {
    if (part[0] === HEADER_START) return this.#socket.write(part);
    for (let at = 0; at < part.length;) {
      const end = at + part.readUInt32BE(at + 3) + FRAME_OVERHEAD;
      this.#frame(part.subarray(at, end));
      at = end;
    }
    return this.writableLength === 0;
  }

  #frame(frame: Buffer): void {
    const channel = frame.readUInt16BE(1);
    if (channel === 0) return void this.#socket.write(frame);
    const frames = this.#framesOf(channel);
    if (frame[0] === FRAME_METHOD) {
      const { delay: { minMs, maxMs }, seed, connection, onDelay } = this.#options;
      const chance = chanceOf(seed, connection, channel, frames.methods);
      frames.delayNext(minMs + chance * (maxMs - minMs));
      onDelay();
    }
    this.#waitingBytes += frame.length;
    frames.add(frame);
  }

  #framesOf(channel: number): DelayedFrames {
    let frames = this.#channels.get(channel);
    if (frames === undefined) {
      frames = new DelayedFrames((frame) => this.#leave(frame));
      this.#channels.set(channel, frames);
    }
    return frames;
  }

  #leave(frame: Buffer): void {
    this.#waitingBytes -= frame.length;
    if (this.#socket.writable) this.#socket.write(frame);
    if (this.#socket.writableLength === 0) this.#drain();
  }

  #drain(): void {
    if (this.#waitingBytes > 0) return;
    for (const listener of this.#drained) listener();
  }
}
