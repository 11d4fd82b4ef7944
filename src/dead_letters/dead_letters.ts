import { randomUUID } from "node:crypto";
import { QueueBrowser } from "../amqp/queue_browser.ts";
import type { Cluster } from "../amqp/cluster.ts";
import { type Connection, GOODBYE_MS } from "../amqp/connection.ts";
import { deathOf, wasReplayedBy } from "../retry/dead_letter.ts";
import type { Delivery } from "../amqp/delivery.ts";
import { ConnectAborted } from "../amqp/errors.ts";
import { Republisher, type RepublisherOptions } from "../retry/republisher.ts";
import type { DeadEvent, DeadSummary } from "./dead_letter_event.ts";
import { replay, type ReplayOptions } from "./replay.ts";
import { isSelected, isSelective, type Selection } from "./selection.ts";

export interface DeadOptions
  extends
    Pick<RepublisherOptions, "confirmTimeoutMs">,
    Pick<ReplayOptions, "queue" | "to" | "deadLetterQueue"> {
  readonly connection: Cluster;
  readonly action: "look" | "replay" | "purge";
  readonly selection: Selection;
}

/** What it needs from the outside. */
export interface DeadLettersContext {
  readonly stop: AbortSignal;
  readonly onEvent: (event: DeadEvent) => void;
  /** Resolves when the output has room again; undefined when it has. */
  readonly outputRoom: () => Promise<void> | undefined;
}

/** `worktool dead`. Failures are part of the summary: what was done before them counts. */
export async function dead(
  options: DeadOptions,
  { stop, onEvent, outputRoom }: DeadLettersContext,
): Promise<DeadSummary> {
  const startedAtMs = performance.now();
  const { queue, to, deadLetterQueue, selection, confirmTimeoutMs } = options;
  const run = randomUUID();
  const counts = {
    ready: 0,
    looked: 0,
    matched: 0,
    replayed: 0,
    returned: 0,
    refused: 0,
    kept: 0,
    purged: 0,
  };

  function tell(event: DeadEvent): void {
    if (event.event in counts) {
      counts[event.event as "replayed" | "returned" | "refused" | "kept"]++;
    }
    onEvent(event);
  }

  /** Each dead letter that is meant, once; no more than there were at the start. */
  async function* selected(browser: QueueBrowser): AsyncGenerator<Delivery> {
    const { count = Infinity } = selection;
    while (counts.looked < browser.ready && counts.matched < count && !stop.aborted) {
      const delivery = await browser.next();
      if (!delivery) return;
      counts.looked++;
      if (!isSelected(delivery, selection) || wasReplayedBy(delivery, run)) continue;
      counts.matched++;
      yield delivery;
      const crowded = outputRoom();
      if (crowded) await crowded;
    }
  }

  async function act(connection: Connection, browser: QueueBrowser): Promise<void> {
    const { username } = connection.options.url;
    counts.ready = browser.ready;
    if (options.action === "replay") {
      await using republisher = new Republisher(() => Promise.resolve(connection), {
        queue,
        username,
        confirmTimeoutMs,
      });
      const replayOptions = { queue, to, deadLetterQueue, username, run, onEvent: tell };
      await replay(selected(browser), browser, republisher, replayOptions);
      return await browser.close();
    }
    if (options.action === "purge" && !isSelective(selection) && selection.count === undefined) {
      counts.looked = counts.matched = counts.purged = await browser.purge();
      return;
    }
    for await (const delivery of selected(browser)) {
      if (options.action === "purge") {
        browser.ack(delivery);
        tell({ event: "purged", delivery });
      } else tell({ event: "dead-letter", delivery, death: deathOf(delivery) });
    }
    await browser.close();
  }

  let end: { complete: boolean; failure?: unknown };
  try {
    const opened = await options.connection.open(async (connection) => {
      return { connection, browser: await QueueBrowser.open(connection, deadLetterQueue) };
    }, { stop, limitMs: Infinity });
    await using connection = opened.connection;
    await using browser = opened.browser;
    const leave = () => connection.leaveBy(performance.now() + GOODBYE_MS);
    stop.addEventListener("abort", leave, { once: true });
    await act(connection, browser);
    end = { complete: !stop.aborted };
  } catch (failure) {
    end = failure instanceof ConnectAborted ? { complete: false } : { complete: false, failure };
  }
  const summary = { ...counts, ...end, elapsedMs: performance.now() - startedAtMs };
  onEvent({ event: "stopped", summary });
  return summary;
}
