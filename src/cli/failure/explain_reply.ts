import type { BrokerReply } from "../../amqp/errors.ts";
import {
  type InequivalentArgument,
  inequivalentArgument,
} from "../../amqp/inequivalent_argument.ts";
import { isRetryQueueOf } from "../../retry/queue_names.ts";
import { ExitCode } from "./exit_code.ts";
import { type Attempt, type Explanation, urlSources, whatRemains } from "./explanation.ts";

/**
 * The broker said why: its reply code decides (AMQP 0-9-1 section 1.2, RabbitMQ's own uses of it).
 */
export function explainReply(reply: BrokerReply, attempt: Attempt): Explanation {
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
            `user '${username}' may not do this in vhost '${vhost}': see rabbitmqctl list_permissions -p '${vhost}'`,
            ...queue.startsWith("amq.") ? ["names that begin with amq. belong to the broker"] : [],
          ]
          : [
            `check user '${username}' and its password in ${urlSources(attempt)}`,
            "guest may log in over the loopback address only (localhost)",
          ],
        exitCode: ExitCode.noPermission,
      };
    case 404:
      if (attempt.command === "dead") return noDeadLetterQueue(answer, attempt);
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
          "its operator denies queues that are neither durable nor exclusive: leave out --no-durable",
          "or permit them there: deprecated_features.permit.transient_nonexcl_queues = true",
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

function noDeadLetterQueue(answer: string, { queue, vhost }: Attempt): Explanation {
  return {
    message: `there is no dead-letter queue '${queue}' in vhost '${vhost}': ${answer}`,
    remedies: [
      "it exists as soon as a worker with a command was started: worktool work -- command",
      "name the work queue with --queue, or the dead-letter queue itself with --dead-letter",
    ],
    exitCode: ExitCode.refused,
  };
}

function refused(answer: string, { address }: Attempt): Explanation {
  return {
    message: `the broker at ${address} refused: ${answer}`,
    remedies: [],
    exitCode: ExitCode.refused,
  };
}

/** 406 stands for many things; its text, which RabbitMQ keeps stable, only chooses the words. */
function preconditionFailed(reply: BrokerReply, attempt: Attempt): Explanation {
  const { queue } = attempt;
  const answer = `406 ${reply.replyText}`;
  // It answers no method of ours: that is the consumer timeout.
  if (!reply.classId) {
    return {
      message: `a task took longer than the broker waits for its acknowledgement: ${answer}`,
      remedies: [
        "it returns to the queue; make tasks shorter, or raise consumer_timeout on the broker",
      ],
      exitCode: ExitCode.unavailable,
    };
  }
  const mismatch = inequivalentArgument(reply.replyText);
  if (mismatch && isRetryQueueOf(queue, mismatch.queue)) {
    return {
      message:
        `retry queue '${mismatch.queue}' exists with other properties: ${mismatch.name} is ` +
        `${mismatch.current} there, but was asked for as ${mismatch.received} (${answer})`,
      remedies: [
        "it was declared by workers with another --queue-type, or by somebody else",
        "use the same --queue-type, or wait: the broker deletes it ten minutes after its last use",
        `or delete it once it is empty, on RabbitMQ: ${
          deleteQueue(attempt)
        } --if-empty '${mismatch.queue}'`,
      ],
      exitCode: ExitCode.refused,
    };
  }
  if (mismatch) {
    return {
      message:
        `queue '${queue}' exists with other properties: ${mismatch.name} is ${mismatch.current} there, ` +
        `but was asked for as ${mismatch.received} (${answer})`,
      remedies: [
        sameFlag(mismatch),
        "or leave that flag out: the queue is then taken as it is; or choose another --queue",
        attempt.product === "worktool"
          ? "or start worktool broker with --memory or another --data: it then has no queues at all"
          : `or delete it, with all its tasks: ${deleteQueue(attempt)} '${queue}'`,
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
  return refused(answer, attempt);
}

function deleteQueue({ vhost }: Attempt): string {
  return `rabbitmqctl delete_queue${vhost === "/" ? "" : ` -p '${vhost}'`}`;
}

function sameFlag({ name, current }: InequivalentArgument): string {
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
