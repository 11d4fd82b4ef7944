import type { Cluster } from "../../amqp/cluster.ts";
import type { QueueRequest } from "../../amqp/task_queue.ts";
import { printableLines } from "./body.ts";
import type { Columns, Line } from "./line.ts";
import { type Attempt, type Explanation, placeOf } from "../failure/explanation.ts";
import type { Progress } from "./progress.ts";
import type { Context } from "../context.ts";

type ReportContext = Pick<Context, "stdout" | "stderr" | "columns">;

export interface ReportOptions {
  readonly progress?: Progress | undefined;
  /** Whether each line begins with the time. */
  readonly timestamps?: boolean | undefined;
}

/** `2026-11-28T01:02:03.456Z` and a space. */
const TIMESTAMP_COLUMNS = 25;

/**
 * Prints a run: results on stdout, everything else on stderr, without disturbing a progress line.
 */
export class Report {
  readonly #context: ReportContext;
  readonly #options: ReportOptions;

  constructor(context: ReportContext, options: ReportOptions = {}) {
    this.#context = context;
    this.#options = options;
  }

  line(line: Line | undefined): void {
    if (line?.stream === "stdout") this.result(line.text);
    else if (line) this.notice(line.text);
  }

  result(text: string): void {
    this.#context.stdout.write(`${this.#stamped(text)}\n`);
  }

  notice(text: string): void {
    this.#options.progress?.clear();
    this.#context.stderr.write(`${printableLines(this.#stamped(text))}\n`);
  }

  /** The room that a line has. */
  readonly columns: Columns = (stream) => {
    const columns = this.#context.columns(stream);
    return this.#options.timestamps && columns ? columns - TIMESTAMP_COLUMNS : columns;
  };

  explanation({ message, remedies }: Explanation): void {
    this.notice(`worktool: ${message}${remedies.map((remedy) => `\n  - ${remedy}`).join("")}`);
  }

  #stamped(text: string): string {
    return this.#options.timestamps ? `${new Date().toISOString()} ${text.trimStart()}` : text;
  }
}

/** What the explainer of failures has to know of a run. */
export function attemptOf(
  command: Attempt["command"],
  { connection, queue }: { connection: Cluster; queue: QueueRequest },
): Attempt {
  return {
    command,
    ...placeOf(connection.current),
    product: connection.product,
    ownAuthority: connection.options.tls.ca !== undefined,
    queue: queue.name,
    durable: queue.durable ?? true,
  };
}
