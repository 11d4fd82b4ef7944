import type { Delivery } from "../amqp/delivery.ts";
import { type ExpectationResult, expectTasks } from "../smoke/expectation.ts";
import { brokerCluster } from "./broker_cluster.ts";
import type { Context } from "./context.ts";
import { type Exit, ExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import type { Explanation } from "./failure/explanation.ts";
import { type ExpectFlags, expectFlags } from "./flags/expect_flags.ts";
import { bodyLimitBytes } from "./flags/line_flags.ts";
import { jsonBody, quotedBody } from "./output/body.ts";
import { eventLine } from "./output/event_line.ts";
import { jsonProperties } from "./output/header_json.ts";
import { stdout, taskLine } from "./output/line.ts";
import { attemptOf, Report } from "./output/report.ts";
import { formatDuration } from "./values/duration.ts";

/** Of a task that came and did not match. */
const SAMPLE_COLUMNS = 60;

/** `worktool expect`; `exit` is told the exit code. */
export function expectCommand(context: Context, exit: Exit) {
  return expectFlags().action(async (flags) => exit(await run(flags, context)));
}

async function run(flags: ExpectFlags, context: Context): Promise<ExitCode> {
  const { queue, count, match, within, keep = false, json } = flags;
  const report = new Report(context);
  const limitBytes = bodyLimitBytes(flags);
  const request = { name: queue, declare: false, arguments: {} };
  const connection = brokerCluster(flags, {
    command: "expect",
    name: `worktool expect ${context.processId}`,
    queue: request,
    eventFields: { queue },
    report,
    context,
  });

  function event(event: string, fields: object): void {
    report.result(eventLine(event, { queue, ...fields }));
  }

  function onMatched(delivery: Delivery): void {
    if (json) return event("matched", matchedJson(delivery, limitBytes));
    report.line(taskLine({ ...stdout(""), before: " [x] ", body: delivery.body }, report.columns));
  }

  let result: ExpectationResult = { matched: 0, others: 0, samples: [] };
  let explanation: Explanation | undefined;
  const explained = (failure: unknown) =>
    explain(failure, attemptOf("expect", { connection, queue: request }));
  try {
    result = await expectTasks({
      ...{ connection, queue, count, match, keep, withinMs: within },
      headers: Object.fromEntries(flags.header ?? []),
      consumerTag: `worktool-expect-${context.processId}`,
    }, { stop: context.stop, onMatched });
    explanation = missed(result, flags, explained);
  } catch (failure) {
    explanation = explained(failure);
  }
  if (context.stop.aborted && result.matched < count) {
    const message = `stopped: ${result.matched} of ${count} had come`;
    explanation = { message, remedies: [], exitCode: ExitCode.failed };
  }
  const exitCode = explanation?.exitCode ?? ExitCode.ok;
  if (explanation) report.explanation(explanation);
  if (json) {
    const { matched, others } = result;
    event("stopped", { matched, others, error: explanation?.message, exitCode });
  }
  return exitCode;
}

/** What is to be said where too few have come; undefined where enough have. */
function missed(
  { matched, others, samples, obstacle }: ExpectationResult,
  { queue, count, within }: ExpectFlags,
  explained: (failure: unknown) => Explanation,
): Explanation | undefined {
  if (obstacle?.kind === "not ready" && obstacle.obstacle.kind === "failure") {
    return explained(obstacle.obstacle.failure);
  }
  const after = `within ${formatDuration(within)}`;
  if (obstacle !== undefined) {
    return {
      message: `there was no queue '${queue}' ${after}`,
      remedies: ["name another with --queue"],
      exitCode: ExitCode.expectationMissed,
    };
  }
  if (matched === count) return undefined;
  return {
    message: `${matched} of ${count} came to queue '${queue}' ${after}`,
    remedies: others === 0
      ? [
        matched === 0
          ? "nothing else came either"
          : "nothing else came; all are in the queue again",
      ]
      : [
        `${others} came that did not match: ` +
        samples.map(({ body }) => quotedBody(body, SAMPLE_COLUMNS)).join(", ") +
        (others > samples.length ? ", …" : ""),
        "all are in the queue again",
      ],
    exitCode: ExitCode.expectationMissed,
  };
}

function matchedJson({ messageId, redelivered, properties, body }: Delivery, limitBytes: number) {
  return { messageId, redelivered, ...jsonProperties(properties), ...jsonBody(body, limitBytes) };
}
