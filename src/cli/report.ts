import type { Cluster } from "../amqp/cluster.ts";
import type { QueueRequest } from "../amqp/task_queue.ts";
import type { Line } from "./line.ts";
import { type Attempt, type Explanation, placeOf } from "./explanation.ts";
import type { Progress } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";

/** Prints a run: results on stdout, everything else on stderr, without disturbing a progress line. */
export class Report {
  readonly #surroundings: Pick<Surroundings, "stdout" | "stderr">;
  readonly #progress: Progress | undefined;

  constructor(surroundings: Pick<Surroundings, "stdout" | "stderr">, progress?: Progress) {
    this.#surroundings = surroundings;
    this.#progress = progress;
  }

  line(line: Line | undefined): void {
    if (line?.stream === "stdout") this.result(line.text);
    else if (line) this.notice(line.text);
  }

  result(text: string): void {
    this.#surroundings.stdout.write(`${text}\n`);
  }

  notice(text: string): void {
    this.#progress?.clear();
    this.#surroundings.stderr.write(`${text}\n`);
  }

  explanation({ message, remedies }: Explanation): void {
    this.notice(`worktool: ${message}${remedies.map((remedy) => `\n  - ${remedy}`).join("")}`);
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
    ownAuthority: connection.options.tls.ca !== undefined,
    queue: queue.name,
    durable: queue.durable ?? true,
  };
}
