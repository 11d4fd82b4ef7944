import type { ConnectionOptions } from "../amqp/connection.ts";
import { formatAddress } from "../amqp/broker_url.ts";
import type { QueueDeclaration } from "../amqp/queue.ts";
import type { Line } from "./line.ts";
import type { Attempt, Explanation } from "./explanation.ts";
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

  /** What the connection has to tell while it is open. */
  connectionEvents(): Pick<ConnectionOptions, "onBlocked" | "onUnblocked"> {
    return {
      onBlocked: (reason) =>
        this.notice(
          ` [!] The broker blocks publishers: ${reason}. Waiting until it takes tasks again`,
        ),
      onUnblocked: () => this.notice(" [!] The broker takes tasks again"),
    };
  }
}

/** What the explainer of failures has to know of a run. */
export function attemptOf(
  command: Attempt["command"],
  { connection: { url, tls }, queue }: { connection: ConnectionOptions; queue: QueueDeclaration },
): Attempt {
  return {
    command,
    address: formatAddress(url),
    username: url.username,
    vhost: url.vhost,
    tls: url.tls,
    ownAuthority: tls.ca !== undefined,
    queue: queue.name,
    durable: queue.durable,
  };
}
