import type { Cluster } from "../amqp/cluster.ts";
import type { Context } from "./context.ts";
import type { Report } from "./output/report.ts";

/** What each of the commands of `worktool queue` gets. */
export interface QueueRun {
  readonly context: Context;
  readonly report: Report;
  readonly connection: Cluster;
}
