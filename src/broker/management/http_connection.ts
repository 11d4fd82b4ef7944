import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { encodeAnswer, type HttpAnswer } from "./http_answer.ts";
import { HttpError, type HttpRequest, RequestReader } from "./http_request.ts";

/** Time a client has to send a request, and to take the answer, in ms. */
const TURN_MS = 30_000;

/** Requests of one socket, answered one after the other; whoever is too slow loses it. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #answer: (request: HttpRequest) => HttpAnswer;
  readonly #reader = new RequestReader();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** An answer waits until the client reads it. */
  #writing = false;
  #ended = false;

  constructor(socket: Socket, answer: (request: HttpRequest) => HttpAnswer) {
    this.#socket = socket;
    this.#answer = answer;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.#written());
    socket.on("close", () => clearTimeout(this.#timer));
    this.#limit();
    socket.resume();
  }

  #limit(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.destroy(), TURN_MS);
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return;
    this.#reader.push(chunk);
    this.#turn();
  }

  #written(): void {
    if (!this.#writing) return;
    this.#writing = false;
    this.#limit();
    this.#socket.resume();
    this.#turn();
  }

  #turn(): void {
    while (!this.#writing && !this.#ended) {
      let request: HttpRequest | undefined;
      try {
        request = this.#reader.next();
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        const body = { error: "bad_request", reason: error.message };
        return this.#send({ status: error.status, body }, { keepAlive: false, head: false });
      }
      if (request === undefined) return;
      this.#limit();
      const { keepAlive, method } = request;
      this.#send(this.#answer(request), { keepAlive, head: method === "HEAD" });
    }
  }

  #send(answer: HttpAnswer, options: { keepAlive: boolean; head: boolean }): void {
    const bytes = encodeAnswer(answer, options);
    if (!options.keepAlive) {
      this.#ended = true;
      this.#socket.end(bytes);
    } else if (!this.#socket.write(bytes)) {
      this.#writing = true;
      this.#socket.pause();
    }
  }
}
