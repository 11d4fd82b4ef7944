import { Buffer } from "node:buffer";
import type { Release } from "../release.ts";
import { FrameParser, type FrameSink } from "../wire/frame_parser.ts";
import { BlockedInput } from "./blocked_input.ts";

/** A version of AMQP, as its protocol header and connection.start name it (section 4.2.2). */
interface ProtocolVersion {
  readonly header: string;
  readonly major: number;
  readonly minor: number;
}

/** `AMQP`, 0, and the version 0-9-1. */
const PROTOCOL_HEADER = "AMQP\0\0\x09\x01";

/** RabbitMQ takes the header of AMQP 0-9 for 0-9-1. */
const VERSIONS: readonly ProtocolVersion[] = [
  { header: PROTOCOL_HEADER, major: 0, minor: 9 },
  { header: "AMQP\x01\x01\0\x09", major: 0, minor: 9 },
];

/** And once those of AMQP 0-8, and of clients of its time. */
const VERSIONS_08: readonly ProtocolVersion[] = [
  { header: "AMQP\x01\x01\x09\x01", major: 8, minor: 0 },
  { header: "AMQP\x01\x01\x08\0", major: 8, minor: 0 },
];

/** What is done with what comes in. */
export interface InboundSink extends FrameSink {
  /** The client's protocol header is one of ours: frames follow. */
  began(version: { major: number; minor: number }): void;
  /** It is not. @param offer the header to answer with */
  refused(offer: string): void;
  /** `full` changed. */
  pressure(): void;
}

/** What a client sends: the protocol header, then frames; kept for later while it is blocked. */
export class Inbound {
  readonly #release: Release;
  readonly #sink: InboundSink;
  readonly #parser: FrameParser;
  readonly #blocked: BlockedInput;
  /** As much of the protocol header as has come; undefined once it is whole. */
  #header: Buffer | undefined = Buffer.alloc(0);
  #closed = false;

  /** @param connections how many there are: they share the room for what is kept */
  constructor(release: Release, sink: InboundSink, connections: () => number) {
    this.#release = release;
    this.#sink = sink;
    this.#parser = new FrameParser(release.firstFrameMaxBytes);
    this.#blocked = new BlockedInput(connections);
  }

  /** The frame-max that was agreed on, in octets. */
  set maxFrameBytes(bytes: number) {
    this.#parser.maxFrameBytes = bytes;
  }

  /** No more should be read for now. */
  get full(): boolean {
    return this.#blocked.full;
  }

  get blocked(): boolean {
    return this.#blocked.holding;
  }

  /** Takes what the socket has read. @throws what the sink throws, and {ConnectionError} 501 */
  read(chunk: Buffer): void {
    if (this.#closed) return;
    if (this.#blocked.holding) {
      this.#blocked.add(chunk);
      if (this.#blocked.full) this.#sink.pressure();
      return;
    }
    const bytes = this.#header === undefined ? chunk : this.#readHeader(this.#header, chunk);
    if (bytes.length === 0) return;
    const rest = this.#parser.push(bytes, this.#sink);
    if (rest.length > 0) this.#blocked.add(rest);
  }

  /**
   * Keeps what comes from now on, and what is behind the frame at hand: for a fanout it may grow a
   * thousandfold.
   */
  block(): void {
    this.#blocked.holding = true;
    this.#parser.pause();
  }

  /** Ends that. @returns what was kept, to be read now */
  unblock(): Buffer[] {
    return this.#blocked.release();
  }

  /** Looks at nothing any more: where the next frame begins is not known. */
  close(): void {
    this.#closed = true;
  }

  /** Awaits the protocol header. @returns what follows it */
  #readHeader(before: Buffer, chunk: Buffer): Buffer {
    const bytes = this.#header = Buffer.concat([before, chunk]);
    const head = bytes.toString("latin1", 0, 8);
    const versions = this.#release.takesProtocol08 ? [...VERSIONS, ...VERSIONS_08] : VERSIONS;
    const version = versions.find(({ header }) => header.startsWith(head));
    if (version === undefined) {
      // Rule (section 4.2.2): answer an unknown header with the supported one, then close.
      const isOtherRevision = head.slice(0, 7) === PROTOCOL_HEADER.slice(0, 7);
      this.#sink.refused(isOtherRevision ? PROTOCOL_HEADER : this.#release.offeredProtocol);
      return Buffer.alloc(0);
    }
    if (head.length < 8) return Buffer.alloc(0);
    this.#header = undefined;
    this.#sink.began(version);
    return bytes.subarray(8);
  }
}
