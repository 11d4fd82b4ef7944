import { Buffer } from "node:buffer";

/** Longest request line and header fields together, in octets. */
const HEAD_BYTES = 16 * 1024;
/** Longest body, in octets, as RabbitMQ has it by default. */
const BODY_BYTES = 10_000_000;
const END_OF_HEAD = "\r\n\r\n";
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A request, read whole (RFC 9112). */
export interface HttpRequest {
  readonly method: string;
  /** Segments of the path, decoded: `/api/queues/%2F` is `api`, `queues`, `/`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly keepAlive: boolean;
  readonly body: Buffer;
}

/** What arrived is no request that will be answered. */
export class HttpError extends Error {
  /** The status of the answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A head, and how long the body after it is. */
interface Head {
  readonly request: Omit<HttpRequest, "body">;
  readonly headBytes: number;
  readonly bodyBytes: number;
}

/** Requests out of the bytes of a connection; never more than one is kept beyond what arrived. */
export class RequestReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Of the next request, once it has come. */
  #head: Head | undefined;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** What has arrived and is not taken, in octets. */
  get heldBytes(): number {
    return this.#bytes;
  }

  /** Takes the next one, if it is there whole. @throws {HttpError} 400, 411, 413, 431 or 505 */
  next(): HttpRequest | undefined {
    this.#head ??= this.#readHead();
    if (this.#head === undefined) return undefined;
    const { request, headBytes, bodyBytes } = this.#head;
    if (this.#bytes < headBytes + bodyBytes) return undefined;
    const bytes = this.#together();
    const body = bytes.subarray(headBytes, headBytes + bodyBytes);
    this.#chunks = [bytes.subarray(headBytes + bodyBytes)];
    this.#bytes -= headBytes + bodyBytes;
    this.#head = undefined;
    return { ...request, body };
  }

  #readHead(): Head | undefined {
    const bytes = this.#together();
    const end = bytes.indexOf(END_OF_HEAD);
    if ((end < 0 ? bytes.length : end) > HEAD_BYTES) {
      throw new HttpError(431, "header fields too large");
    }
    if (end < 0) return undefined;
    return { ...readHead(bytes.toString("latin1", 0, end)), headBytes: end + END_OF_HEAD.length };
  }

  #together(): Buffer {
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }
}

function readHead(head: string): Omit<Head, "headBytes"> {
  const [line, ...fields] = head.split("\r\n");
  const [method, target, version, ...more] = line!.split(" ");
  if (!TOKEN.test(method!) || !target?.startsWith("/") || more.length > 0) {
    throw new HttpError(400, "malformed request line");
  }
  if (version !== "HTTP/1.1" && version !== "HTTP/1.0") throw new HttpError(505, "HTTP/1.1 only");
  const headers = readFields(fields);
  const connection = headers.get("connection")?.toLowerCase();
  const keepAlive = version === "HTTP/1.1" ? connection !== "close" : connection === "keep-alive";
  const at = target.indexOf("?");
  return {
    bodyBytes: bodyLength(headers),
    request: {
      method: method!,
      path: segments(at < 0 ? target : target.slice(0, at)),
      query: new URLSearchParams(at < 0 ? "" : target.slice(at + 1)),
      headers,
      keepAlive,
    },
  };
}

function readFields(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    // Rule (RFC 9112, 3.2 and 6.3): what is said twice may mean two things.
    if (!TOKEN.test(name) || headers.has(name)) throw new HttpError(400, "malformed header field");
    headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function bodyLength(headers: ReadonlyMap<string, string>): number {
  if (headers.has("transfer-encoding")) throw new HttpError(411, "content-length is required");
  const length = headers.get("content-length") ?? "0";
  if (!/^\d+$/.test(length)) throw new HttpError(400, "malformed content-length");
  if (Number(length) > BODY_BYTES) throw new HttpError(413, "body too large");
  return Number(length);
}

function segments(path: string): string[] {
  try {
    return path.replace(/\/$/, "").slice(1).split("/").map(decodeURIComponent);
  } catch {
    throw new HttpError(400, "malformed path");
  }
}
