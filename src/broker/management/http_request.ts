import { Buffer } from "node:buffer";

/** Longest request line and header fields together, in octets. */
const HEAD_BYTES = 16 * 1024;
/** Longest body, in octets: nothing that is asked for here needs one. */
const BODY_BYTES = 64 * 1024;
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

/** Requests out of the bytes of a connection; never more than one is kept beyond what arrived. */
export class RequestReader {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** Takes the next one, if it is there whole. @throws {HttpError} 400, 411, 413, 431 or 505 */
  next(): HttpRequest | undefined {
    const end = this.#bytes.indexOf(END_OF_HEAD);
    if ((end < 0 ? this.#bytes.length : end) > HEAD_BYTES) {
      throw new HttpError(431, "header fields too large");
    }
    if (end < 0) return undefined;
    const { request, bodyBytes } = readHead(this.#bytes.toString("latin1", 0, end));
    const next = end + END_OF_HEAD.length + bodyBytes;
    if (this.#bytes.length < next) return undefined;
    this.#bytes = this.#bytes.subarray(next);
    return request;
  }
}

function readHead(head: string): { request: HttpRequest; bodyBytes: number } {
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
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    throw new HttpError(400, "malformed path");
  }
}
