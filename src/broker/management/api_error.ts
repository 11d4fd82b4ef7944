import type { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import type { HttpAnswer } from "./http_answer.ts";
import { textOf } from "../wire/octets.ts";

/** A request that is refused, with RabbitMQ's status and body: `{"error": …, "reason": …}`. */
export class ApiError extends Error {
  readonly status: number;
  readonly error: string;
  /** A text, or what RabbitMQ makes of an Erlang tuple: `["not_boolean", "yes"]`. */
  readonly reason: string | readonly unknown[];

  constructor(status: number, error: string, reason: string | readonly unknown[]) {
    super(`${error}: ${reason}`);
    this.status = status;
    this.error = error;
    this.reason = reason;
  }

  get answer(): HttpAnswer {
    return { status: this.status, body: { error: this.error, reason: this.reason } };
  }
}

/** What the path, the query or the body says is not as it must be. */
export function badRequest(reason: string | readonly unknown[]): ApiError {
  return new ApiError(400, "bad_request", reason);
}

/** What is named in the path or the body is not there. */
export function notFound(reason: string): ApiError {
  return new ApiError(404, "not_found", reason);
}

/** How an error of a method is told that was carried out for the user. */
export function apiError(error: ChannelError | ConnectionError): ApiError {
  const explanation = textOf(error.explanation);
  switch (error.replyCode) {
    case 403:
      return new ApiError(401, "not_authorised", "Access refused.");
    case 404:
      return notFound(explanation);
    case 541:
      return new ApiError(500, "internal_error", explanation);
    default:
      return badRequest(explanation);
  }
}
