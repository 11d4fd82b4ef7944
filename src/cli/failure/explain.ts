import {
  AmqpError,
  ChannelClosed,
  ClusterUnavailable,
  ConfigureRefused,
  ConnectFailed,
  ConnectionLost,
  ConsumerCancelled,
  DeadlineExceeded,
  DeliveriesReleased,
  HeadersTooLarge,
  MessageNacked,
  MessageReturned,
  MoveRefused,
  PublishFailed,
  VhostRefused,
} from "../../amqp/errors.ts";
import { NoSuchLine } from "../../send/task_source.ts";
import { CannotListen } from "../../work/health/health_address.ts";
import { CommandUnusable } from "../../work/outcome.ts";
import { ExitCode } from "./exit_code.ts";
import { explainReply } from "./explain_reply.ts";
import { explainTls } from "./explain_tls.ts";
import { type Attempt, type Explanation, placeOf, urlSources, whatRemains } from "./explanation.ts";
import { formatDuration } from "../values/duration.ts";
import { listenProblem } from "./system_problem.ts";
import { OutputFailed } from "../output/output.ts";

/** Explains any failure; an error that is none of the known ones is a bug in worktool. */
export function explain(failure: unknown, attempt: Attempt): Explanation {
  if (failure instanceof OutputFailed) {
    return {
      message: `cannot write the output: ${failure.code}`,
      remedies: [
        "its reader has gone, or the disk is full",
        ...(attempt.command === "work" ? ["what could not be written was not acknowledged"] : []),
      ],
      exitCode: ExitCode.failed,
    };
  }
  if (failure instanceof NoSuchLine) {
    return {
      message: failure.message,
      remedies: ["nothing was sent; is it the same input as before?"],
      exitCode: ExitCode.usage,
    };
  }
  if (failure instanceof CommandUnusable) {
    return {
      message: `the command cannot be run: ${failure.message}`,
      remedies: [
        failure.taskTaken
          ? "its task went back to the queue, nothing was given up"
          : "no task was taken from the queue",
        "check the command after --, and what --on-exit says of 126 and 127",
      ],
      exitCode: ExitCode.failed,
    };
  }
  if (failure instanceof ClusterUnavailable) return clusterUnavailable(failure, attempt);
  if (failure instanceof ConnectFailed) return connectFailed(failure, attempt);
  if (failure instanceof ConnectionLost) {
    return failure.reply ? explainReply(failure.reply, attempt) : connectionLost(failure, attempt);
  }
  if (failure instanceof DeliveriesReleased) {
    return {
      message:
        "the broker ended the consumer and took its tasks back: the queue has moved to another " +
        "node, or one task took longer than the broker waits for an acknowledgement",
      remedies: ["make tasks shorter, or raise consumer_timeout on the broker"],
      exitCode: ExitCode.unavailable,
    };
  }
  if (failure instanceof ConsumerCancelled) {
    return {
      message:
        `the broker ended the consumer: queue '${attempt.queue}' was deleted, or its node went down`,
      remedies: ["start the worker again: it declares a missing queue anew"],
      exitCode: ExitCode.unavailable,
    };
  }
  if (failure instanceof ConfigureRefused) return configureRefused(failure, attempt);
  if (failure instanceof MoveRefused) return moveRefused(failure, attempt);
  if (failure instanceof ChannelClosed && failure.reply) {
    return explainReply(failure.reply, attempt);
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
  if (failure instanceof HeadersTooLarge) return headersTooLarge(failure);
  if (failure instanceof PublishFailed) {
    return {
      message: `a task could not be moved: ${failure.message}`,
      remedies: [...whyNotMoved(failure), whatRemains(attempt)],
      exitCode: ExitCode.refused,
    };
  }
  if (failure instanceof AmqpError) {
    return { message: failure.message, remedies: [], exitCode: ExitCode.unavailable };
  }
  if (failure instanceof CannotListen) {
    return {
      message: `${failure.message} for --health: ${listenProblem(failure.code) ?? failure.code}`,
      remedies: ["choose another: --health PORT or HOST:PORT, port 0 for a free one"],
      exitCode: ExitCode.unavailable,
    };
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

function configureRefused({ queue }: ConfigureRefused, attempt: Attempt): Explanation {
  const { address, username, vhost } = attempt;
  return {
    message: `the broker at ${address} does not let user '${username}' declare retry queue ` +
      `'${queue}' in vhost '${vhost}': the right to configure it is missing`,
    remedies: [
      `failed tasks wait in '${attempt.queue}.retry.…': see rabbitmqctl list_permissions -p '${vhost}'`,
      "or work without retries: --no-retry",
    ],
    exitCode: ExitCode.noPermission,
  };
}

function moveRefused({ reply }: MoveRefused, attempt: Attempt): Explanation {
  const { address, username, vhost, queue } = attempt;
  return {
    message:
      `the broker at ${address} does not let user '${username}' move failed tasks in vhost ` +
      `'${vhost}': ${reply!.replyCode} ${reply!.replyText}`,
    remedies: [
      "they are published to the default exchange: the right to write to amq.default",
      `and wait in retry queues, unless --no-retry is given: the right to read '${queue}.retry.…'`,
      `see rabbitmqctl list_permissions -p '${vhost}'`,
    ],
    exitCode: ExitCode.noPermission,
  };
}

function headersTooLarge(
  { headersBytes, limitBytes, frameMaxBytes }: HeadersTooLarge,
): Explanation {
  const bytes = (count: number) => `${count.toLocaleString("en")} bytes`;
  return {
    message: `the headers are too large: ${bytes(headersBytes)} together, with their names; ` +
      (frameMaxBytes === undefined
        ? `worktool can send ${bytes(limitBytes)}`
        : `this broker takes ${bytes(limitBytes)} (its frame_max is ${frameMaxBytes})`),
    remedies: ["nothing was sent; put large data into the task itself"],
    exitCode: ExitCode.refused,
  };
}

/**
 * Each address has a reason of its own; where one of them may serve later, another try can help.
 */
function clusterUnavailable({ failures }: ClusterUnavailable, attempt: Attempt): Explanation {
  const reasons = failures.map(({ url, failure }) =>
    explain(failure, { ...attempt, ...placeOf(url) })
  );
  const codes = reasons.map(({ exitCode }) => exitCode);
  return {
    message: `none of the ${reasons.length} addresses serves: ${
      reasons.map(({ message }) => message).join("; ")
    }`,
    remedies: [...new Set(reasons.flatMap(({ remedies }) => remedies))],
    exitCode: codes.find((code) => code === ExitCode.unavailable) ?? codes[0]!,
  };
}

function whyNotMoved(failure: PublishFailed): string[] {
  if (failure instanceof MessageReturned) {
    return ["the queue was deleted meanwhile, or never declared"];
  }
  if (failure instanceof MessageNacked) {
    return [
      "the queue is full (x-max-length with reject-publish), or the broker's disk: make room",
    ];
  }
  return [];
}

function connectFailed(failure: ConnectFailed, attempt: Attempt): Explanation {
  const { address } = attempt;
  if (failure instanceof VhostRefused) return vhostRefused(attempt);
  if (failure.reply) return explainReply(failure.reply, attempt);
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
        `start one with \`worktool broker\`, or name another with ${urlSources(attempt)}`,
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "DNS_ENOTFOUND":
      return unavailable(
        `no broker answers at ${address}: no such host`,
        `check the host in ${urlSources(attempt)}`,
      );
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return unavailable(
        `no broker answers at ${address}: the host cannot be reached`,
        `check the host in ${urlSources(attempt)}, and the network`,
      );
  }
  const tls = attempt.tls ? explainTls(failure.cause, attempt) : undefined;
  if (tls) return tls;
  return unavailable(
    `${address} answers, but not as an AMQP 0-9-1 broker: ${failure.message}`,
    "check the port: RabbitMQ speaks AMQP on 5672, amqps:// on 5671, HTTP on 15672",
    // A broker that closes the socket at once may take its alert along.
    ...attempt.tls ? ["it may want a client certificate: --tls-cert FILE and --tls-key FILE"] : [],
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
  if (failure.cause instanceof DeadlineExceeded) return goodbyeUnanswered(failure.cause, attempt);
  return {
    message: `the connection to ${attempt.address} was lost: ${failure.message}`,
    remedies: ["the broker stopped, or the network between failed", whatRemains(attempt)],
    exitCode: ExitCode.unavailable,
  };
}

function goodbyeUnanswered({ timeoutMs }: DeadlineExceeded, attempt: Attempt): Explanation {
  return {
    message: `the broker at ${attempt.address} did not answer within ${
      formatDuration(timeoutMs)
    } after the stop`,
    remedies: [
      ...attempt.command === "work"
        ? ["not confirmed: what was given back, and what was acknowledged last"]
        : [],
      whatRemains(attempt),
    ],
    exitCode: ExitCode.unavailable,
  };
}

function errorCode(cause: unknown): string | undefined {
  // A host with several addresses fails with one error for each of them.
  if (cause instanceof AggregateError && !("code" in cause)) return errorCode(cause.errors[0]);
  return cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
}
