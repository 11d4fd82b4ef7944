import { Buffer } from "node:buffer";

/** Reasons of those that are answered here (RFC 9110, section 15). */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  204: "No Content",
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  411: "Length Required",
  413: "Content Too Large",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

/** What a request is answered. */
export interface HttpAnswer {
  readonly status: number;
  /** A {@linkcode PlainText}, else sent as JSON; undefined for no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body that is no JSON. */
export class PlainText {
  readonly contentType: string;
  readonly text: string;

  constructor(contentType: string, text: string) {
    this.contentType = contentType;
    this.text = text;
  }
}

/** An answer as bytes. @param options.head without its body, as HEAD asks for it */
export function encodeAnswer(
  { status, body, headers = {} }: HttpAnswer,
  { keepAlive, head }: { readonly keepAlive: boolean; readonly head: boolean },
): Buffer {
  const { contentType, text } = body instanceof PlainText
    ? body
    : new PlainText("application/json", body === undefined ? "" : JSON.stringify(body));
  const payload = Buffer.from(text);
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? ""}`,
    ...Object.entries({
      "cache-control": "no-cache",
      // Rule (RFC 9110, section 8.6): 204 has none.
      ...(status === 204 ? {} : { "content-length": `${payload.length}` }),
      "content-security-policy": "default-src 'none'",
      ...(body === undefined ? {} : { "content-type": contentType }),
      "x-content-type-options": "nosniff",
      ...headers,
      ...(keepAlive ? {} : { connection: "close" }),
    }).map(([name, value]) => `${name}: ${value}`),
  ];
  const start = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return head ? start : Buffer.concat([start, payload]);
}
