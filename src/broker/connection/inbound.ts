import { Buffer } from "node:buffer";
import type { Release } from "../release.ts";
import type { MemoryGuard } from "../memory_guard.ts";
import type { DeadLetters } from "../model/dead_letters.ts";
import { FrameParser, type FrameSink } from "../wire/frame_parser.ts";
import type { Work, Workload } from "../workload.ts";
import { type InputRooms, PendingInput } from "./pending_input.ts";
import type { Traffic } from "./traffic.ts";

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
  /** The bytes are no frames, or the sink threw: nothing is looked at any more. */
  unreadable(error: unknown): void;
  /** `full` changed. */
  pressure(): void;
}

/** The broker, as far as input needs it. */
export interface InboundBroker extends InputRooms {
  readonly workload: Workload;
  readonly memory: MemoryGuard;
  readonly release: Release;
  readonly deadLetters: DeadLetters;
}

/** What a frame counts in steps of the workload, without the queues that it reaches. */
const FRAME_STEPS = 2;

/**
 * What a client sends: the protocol header, then frames. It waits for its slices of a turn, and for
 * later while the client is blocked.
 */
export class Inbound implements Work, FrameSink {
  readonly #workload: Workload;
  readonly #memory: MemoryGuard;
  readonly #deadLetters: DeadLetters;
  readonly #release: Release;
  readonly #sink: InboundSink;
  readonly #traffic: Traffic;
  readonly #parser: FrameParser;
  readonly #pending: PendingInput;
  /** As much of the protocol header as has come; undefined once it is whole. */
  #header: Buffer | undefined = Buffer.alloc(0);
  /** So many operations of the client are not done yet. */
  #held = 0;
  #closed = false;
  #onEnd: (() => void) | undefined;

  constructor(sink: InboundSink, broker: InboundBroker, traffic: Traffic) {
    this.#sink = sink;
    this.#traffic = traffic;
    this.#workload = broker.workload;
    this.#memory = broker.memory;
    this.#deadLetters = broker.deadLetters;
    this.#release = broker.release;
    this.#parser = new FrameParser(broker.release.firstFrameMaxBytes);
    this.#pending = new PendingInput(broker, { roomChanged: () => sink.pressure() });
  }

  /** The frame-max that was agreed on, in octets. */
  set maxFrameBytes(bytes: number) {
    this.#parser.maxFrameBytes = bytes;
  }

  /** No more should be read for now. */
  get full(): boolean {
    return this.#pending.full;
  }

  /** Something waits for its slice. */
  get waits(): boolean {
    return !this.#pending.isEmpty && !this.#pending.holding;
  }

  /** Takes what the socket has read. */
  read(chunk: Buffer): void {
    this.#traffic.read(chunk.length);
    if (this.#closed) return;
    this.#memory.noteRead(chunk.length);
    this.#pending.add(chunk);
    if (!this.#pending.holding) this.#workload.add(this);
    if (this.#pending.full) this.#sink.pressure();
  }

  work(): boolean {
    if (this.#held > 0) return false;
    const { full } = this.#pending;
    while (!this.#pending.holding && this.#held === 0) {
      const chunk = this.#pending.take();
      if (chunk === undefined) break;
      const bytes = this.#header === undefined ? chunk : this.#readHeader(this.#header, chunk);
      const rest = bytes.length === 0 ? bytes : this.#parser.push(bytes, this);
      if (this.#closed) break;
      this.#pending.keepRest(rest);
      if (this.#workload.over()) break;
    }
    if (full && !this.full) this.#sink.pressure();
    if (this.#held > 0) return false;
    if (this.waits && !this.#closed) return true;
    this.#onEnd?.();
    return false;
  }

  failed(error: unknown): void {
    this.close();
    this.#sink.unreadable(error);
  }

  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void {
    this.#sink.frame(type, channel, bytes, start, end);
    this.#deadLetters.workOffAdded(); // before what comes next
    if (this.#workload.over(FRAME_STEPS)) this.#parser.pause();
  }

  /** The frame at hand is not done yet: what is behind it waits. */
  hold(): void {
    this.#held++;
    this.#parser.pause();
  }

  /** Now it is done. */
  goOn(): void {
    this.#held--;
    this.#workload.add(this);
  }

  /**
   * Keeps what comes from now on, and what is behind the frame at hand: for a fanout it may grow a
   * thousandfold.
   */
  block(): void {
    this.#pending.holding = true;
    this.#parser.pause();
  }

  /** Ends that: what was kept is looked at. */
  unblock(): void {
    if (!this.#pending.holding) return;
    this.#pending.holding = false;
    this.#workload.add(this);
    this.#sink.pressure();
  }

  /** Nothing comes any more. @param callback called after the last frame */
  end(callback: () => void): void {
    if (this.#closed || !this.waits && this.#held === 0) return callback();
    this.#onEnd = callback;
  }

  /** Looks at nothing any more. */
  close(): void {
    this.#closed = true;
    this.#pending.clear();
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
