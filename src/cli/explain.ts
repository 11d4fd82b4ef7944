import {
  AmqpError,
  type BrokerReply,
  ChannelClosed,
  ConnectFailed,
  ConnectionLost,
  ConsumerCancelled,
  DeadlineExceeded,
  VhostRefused,
} from "../amqp/errors.ts";
import { ExitCode } from "./exit_code.ts";
import { formatDuration } from "./duration.ts";
import { OutputFailed } from "./output.ts";

/** A failure as the user reads it. */
export interface Explanation {
  /** What was tried and what came of it. */
  readonly message: string;
  /** What to do about it, a line each. */
  readonly remedies: readonly string[];
  readonly exitCode: ExitCode;
}

/** What was going on. */
export interface Attempt {
  readonly command: "send" | "work";
  /** `host:port` */
  readonly address: string;
  readonly username: string;
  readonly vhost: string;
  readonly queue: string;
  readonly durable: boolean;
  readonly tls: boolean;
}

/** Explains any failure; an error that is none of the known ones is a bug in worktool. */
export function explain(failure: unknown, attempt: Attempt): Explanation {
  if (failure instanceof OutputFailed) {
    return {
      message: `cannot write the output: ${failure.code}`,
      remedies: [
        "its reader has gone or the disk is full; what could not be told was not acknowledged",
      ],
      exitCode: ExitCode.failed,
    };
  }
  if (failure instanceof ConnectFailed) return connectFailed(failure, attempt);
  if (failure instanceof ConnectionLost) {
    return failure.reply
      ? closedByBroker(failure.reply, attempt)
      : connectionLost(failure, attempt);
  }
  if (failure instanceof ConsumerCancelled) {
    return {
      message:
        `the broker ended the consumer: queue '${attempt.queue}' was deleted, or its node went down`,
      remedies: ["start the worker again: it declares the queue anew"],
      exitCode: ExitCode.unavailable,
    };
  }
  if (failure instanceof ChannelClosed && failure.reply) {
    return closedByBroker(failure.reply, attempt);
  }
  if (failure instanceof DeadlineExceeded) {
    return {
      message: `${attempt.address} did not answer: no ${failure.awaited} within ${
        formatDuration(failure.timeoutMs)
      }`,
      remedies: ["the broker hangs, is overloaded, or blocks publishers (memory or disk alarm)"],
      exitCode: failure.awaited === "publisher confirm" ? ExitCode.unknown : ExitCode.unavailable,
    };
  }
  if (failure instanceof AmqpError) {
    return { message: failure.message, remedies: [], exitCode: ExitCode.unavailable };
  }
  if (failure instanceof Error && "syscall" in failure) {
    return { message: failure.message, remedies: [], exitCode: ExitCode.failed };
  }
  const stack = failure instanceof Error ? failure.stack ?? failure.message : String(failure);
  return {
    message: `a bug in worktool: ${stack}`,
    remedies: ["please report it with the command that you ran"],
    exitCode: ExitCode.bug,
  };
}

function connectFailed(failure: ConnectFailed, attempt: Attempt): Explanation {
  const { address } = attempt;
  if (failure instanceof VhostRefused) return vhostRefused(attempt);
  if (failure.reply) return closedByBroker(failure.reply, attempt);
  const unavailable = (message: string, ...remedies: string[]): Explanation => ({
    message,
    remedies,
    exitCode: ExitCode.unavailable,
  });
  if (failure.cause instanceof DeadlineExceeded) {
    return unavailable(
      `no broker answers at ${address} within ${formatDuration(failure.cause.timeoutMs)}`,
      "something listens there but does not speak, or a firewall drops packets; see --connect-timeout",
    );
  }
  switch (errorCode(failure.cause)) {
    case "ECONNREFUSED":
      return unavailable(
        `no broker answers at ${address}: connection refused`,
        "start RabbitMQ there, or name another broker with --url or AMQP_URL",
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "DNS_ENOTFOUND":
      return unavailable(
        `no broker answers at ${address}: no such host`,
        "check the host in --url or AMQP_URL",
      );
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return unavailable(
        `no broker answers at ${address}: the host cannot be reached`,
        "check the host in --url or AMQP_URL, and the network",
      );
  }
  if (attempt.tls) {
    return unavailable(
      `no TLS connection to ${address}: ${failure.message}`,
      "name the broker's authority with --tls-ca FILE, or accept any certificate with --insecure",
      "without TLS the URL begins with amqp:// (port 5672)",
    );
  }
  return unavailable(
    `${address} answers, but not as an AMQP 0-9-1 broker: ${failure.message}`,
    "check the port: RabbitMQ speaks AMQP on 5672, amqps:// on 5671, HTTP on 15672",
  );
}

function vhostRefused({ address, vhost, username }: Attempt): Explanation {
  return {
    message:
      `the broker at ${address} refused vhost '${vhost}': it does not exist, or user '${username}' ` +
      "may not use it",
    remedies: [
      "name the vhost as the last part of the URL, a / in it as %2f: amqp://host/my%2fvhost",
      `an operator creates it with: rabbitmqctl add_vhost '${vhost}'`,
      `and lets you in with: rabbitmqctl set_permissions -p '${vhost}' '${username}' '.*' '.*' '.*'`,
    ],
    exitCode: ExitCode.noPermission,
  };
}

function connectionLost(failure: ConnectionLost, attempt: Attempt): Explanation {
  return {
    message: `the connection to ${attempt.address} was lost: ${failure.message}`,
    remedies: ["the broker stopped, or the network between failed", whatRemains(attempt)],
    exitCode: ExitCode.unavailable,
  };
}

function whatRemains({ command }: Attempt): string {
  return command === "work"
    ? "tasks that were not acknowledged are in the queue"
    : "tasks that were not confirmed may be in the queue or not: sent again, they may be there twice";
}

/** The broker said why: its reply code decides (AMQP 0-9-1 section 1.2, RabbitMQ's own uses of it). */
function closedByBroker(reply: BrokerReply, attempt: Attempt): Explanation {
  const { queue, username, vhost, address } = attempt;
  const answer = `${reply.replyCode} ${reply.replyText}`;
  switch (reply.replyCode) {
    case 320:
      return {
        message: `the broker at ${address} ended the connection: ${answer}`,
        remedies: ["it was stopped, or an operator closed the connection", whatRemains(attempt)],
        exitCode: ExitCode.unavailable,
      };
    case 403:
      return {
        message: `the broker at ${address} refused: ${answer}`,
        remedies: reply.classId
          ? [
            `user '${username}' may not do this in vhost '${vhost}': see rabbitmqctl list_permissions`,
            "names that begin with amq. belong to the broker",
          ]
          : [
            `check user '${username}' and its password in --url or AMQP_URL`,
            "guest may log in from the broker's own machine only",
          ],
        exitCode: ExitCode.noPermission,
      };
    case 404:
      return {
        message: `the broker found no queue '${queue}' in vhost '${vhost}': ${answer}`,
        remedies: ["leave out --no-declare to create it, or choose another with --queue"],
        exitCode: ExitCode.refused,
      };
    case 405:
      return {
        message: `queue '${queue}' belongs to another connection alone: ${answer}`,
        remedies: ["choose another --queue"],
        exitCode: ExitCode.refused,
      };
    case 406:
      return preconditionFailed(reply, attempt);
    case 530:
      return {
        message: `the broker at ${address} does not allow it: ${answer}`,
        remedies: [],
        exitCode: ExitCode.noPermission,
      };
    case 541:
      return attempt.durable ? refused(answer, attempt) : {
        message: `the broker refused queue '${queue}': ${answer}`,
        remedies: [
          "since RabbitMQ 4.3 a queue that is not durable must be exclusive: leave out --no-durable",
          "or permit it there: deprecated_features.permit.transient_nonexcl_queues = true",
        ],
        exitCode: ExitCode.refused,
      };
    case 501:
    case 502:
    case 503:
    case 504:
    case 505:
      return {
        message: `the broker found a mistake in what worktool sent: ${answer}`,
        remedies: ["please report it with the command that you ran"],
        exitCode: ExitCode.bug,
      };
  }
  return refused(answer, attempt);
}

function refused(answer: string, { address }: Attempt): Explanation {
  return {
    message: `the broker at ${address} refused: ${answer}`,
    remedies: [],
    exitCode: ExitCode.refused,
  };
}

/** 406 stands for many things; its text, which RabbitMQ keeps stable, only chooses the words here. */
function preconditionFailed(reply: BrokerReply, attempt: Attempt): Explanation {
  const { queue } = attempt;
  const answer = `406 ${reply.replyText}`;
  const mismatch = inequivalentArgument(reply.replyText);
  if (mismatch) {
    return {
      message:
        `queue '${queue}' exists with other properties: ${mismatch.name} is ${mismatch.current} there, ` +
        `but was asked for as ${mismatch.received} (${answer})`,
      remedies: [
        sameFlag(mismatch),
        "or choose another --queue, or take it as it is with --no-declare",
        `or delete it, with all its tasks: rabbitmqctl delete_queue '${queue}'`,
      ],
      exitCode: ExitCode.refused,
    };
  }
  if (/message size/.test(reply.replyText)) {
    return {
      message: `a task is larger than the broker takes: ${answer}`,
      remedies: ["send a reference to the data instead, or raise max_message_size on the broker"],
      exitCode: ExitCode.refused,
    };
  }
  if (/delivery acknowledgement on channel/.test(reply.replyText)) {
    return {
      message: `a task took longer than the broker waits for its acknowledgement: ${answer}`,
      remedies: [
        "it returns to the queue; make tasks shorter, or raise consumer_timeout on the broker",
      ],
      exitCode: ExitCode.unavailable,
    };
  }
  return refused(answer, attempt);
}

interface Mismatch {
  readonly name: string;
  readonly received: string;
  readonly current: string;
}

/** `inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'` */
export function inequivalentArgument(replyText: string): Mismatch | undefined {
  const match =
    /inequivalent arg '([^']+)' for queue .*: received (?:the value )?(.+?) but current is (?:the value )?(.+)$/
      .exec(replyText);
  return match ? { name: match[1]!, received: match[2]!, current: match[3]! } : undefined;
}

function sameFlag({ name, current }: Mismatch): string {
  const value = /^'([^']*)'/.exec(current)?.[1];
  if (name === "durable") {
    return `use the same flag: ${value === "true" ? "--durable" : "--no-durable"}`;
  }
  if (name === "x-queue-type") return `use the same flag: --queue-type ${value ?? "classic"}`;
  if (name.startsWith("x-")) {
    return value === undefined
      ? `use the same arguments: leave out --queue-arg ${name}`
      : `use the same arguments: --queue-arg ${name}=${value}`;
  }
  return `worktool declares queues with ${name} off`;
}

function errorCode(cause: unknown): string | undefined {
  // A host with several addresses fails with one error for each of them.
  if (cause instanceof AggregateError && !("code" in cause)) return errorCode(cause.errors[0]);
  return cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
}
