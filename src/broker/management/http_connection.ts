import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Broker } from "../broker.ts";
import type { TurnWork } from "../end_of_turn.ts";
import type { MemoryHolder } from "../memory_guard.ts";
import { encodeAnswer, type HttpAnswer } from "./http_answer.ts";
import { HttpError, type HttpRequest, RequestReader } from "./http_request.ts";

/** Time a client has to send a request, and to take the answer, in ms. */
const TURN_MS = 30_000;

/** Answers a request; it never fails. */
export type Answering = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

/**
 * Requests of one socket, answered one after the other; whoever is too slow loses it. What was read
 * and not answered, and what was answered and not taken, counts against the limit of memory.
 */
export class HttpConnection implements TurnWork, MemoryHolder {
  readonly #socket: Socket;
  readonly #broker: Broker;
  readonly #answer: Answering;
  readonly #reader = new RequestReader();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** A request is being answered, and the answer not taken whole. */
  #busy = false;
  #ended = false;
  /** The answer of this turn: it leaves after the commit of what it tells. */
  #output: Buffer | undefined;

  constructor(socket: Socket, broker: Broker, answer: Answering) {
    this.#socket = socket;
    this.#broker = broker;
    this.#answer = answer;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.#written());
    socket.on("close", () => this.#closed());
    this.#limit();
    socket.resume();
  }

  #limit(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.destroy(), TURN_MS);
  }

  #closed(): void {
    clearTimeout(this.#timer);
    this.#ended = true;
    this.#broker.memory.hold(this, 0);
  }

  #hold(): void {
    if (this.#socket.destroyed) return;
    const bytes = this.#reader.heldBytes + (this.#output?.length ?? 0) +
      this.#socket.writableLength;
    this.#broker.memory.hold(this, bytes);
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return;
    this.#reader.push(chunk);
    this.#broker.memory.noteRead(chunk.length);
    this.#hold();
    if (!this.#busy) this.#next();
  }

  #written(): void {
    if (!this.#busy || this.#output !== undefined) return;
    this.#hold();
    this.#done();
  }

  #next(): void {
    let request: HttpRequest | undefined;
    try {
      request = this.#reader.next();
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const body = { error: "bad_request", reason: error.message };
      return this.#send({ status: error.status, body }, { keepAlive: false, head: false });
    }
    if (request === undefined) return this.#hold();
    this.#limit();
    this.#busy = true;
    this.#socket.pause();
    this.#serve(request).catch(() => this.failed());
  }

  async #serve(request: HttpRequest): Promise<void> {
    const { keepAlive, method } = request;
    this.#send(await this.#answer(request), { keepAlive, head: method === "HEAD" });
  }

  #send(answer: HttpAnswer, options: { keepAlive: boolean; head: boolean }): void {
    if (this.#ended) return;
    this.#output = encodeAnswer(answer, options);
    this.#ended = !options.keepAlive;
    this.#hold();
    this.#broker.endOfTurn.want("send", this);
  }

  endTurn(): boolean {
    const output = this.#output;
    this.#output = undefined;
    if (output === undefined || this.#socket.destroyed) return false;
    if (this.#ended) this.#socket.end(output);
    else if (this.#socket.write(output)) this.#done();
    this.#hold();
    return false;
  }

  failed(): void {
    this.#socket.destroy();
  }

  /** The next request may be read. */
  #done(): void {
    this.#limit();
    this.#busy = false;
    this.#socket.resume();
    this.#next();
  }

  refuse(): void {
    this.#socket.destroy();
  }
}
