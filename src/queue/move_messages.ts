import type { Connection } from "../amqp/connection.ts";
import type { Delivery } from "../amqp/delivery.ts";
import { PublishFailed } from "../amqp/errors.ts";
import { QueueBrowser } from "../amqp/queue_browser.ts";
import { moveAll } from "../retry/move_all.ts";
import { Republisher, type RepublisherOptions } from "../retry/republisher.ts";

export interface MoveOptions extends Pick<RepublisherOptions, "confirmTimeoutMs"> {
  readonly from: string;
  readonly to: string;
  /** The first so many of those that are there at the start. */
  readonly count: number;
}

export interface MoveContext {
  readonly stop: AbortSignal;
  /** From 0 to 1. */
  readonly onMoved: (fraction: number) => void;
}

export interface MoveResult {
  readonly moved: number;
  /** Ready in the queue when it began. */
  readonly ready: number;
  /** Why the first that stayed was not taken at its new place. */
  readonly refused?: PublishFailed;
}

/**
 * Moves messages from one queue to another in their order: publishes a copy of each, waits for the
 * confirm, and only then acknowledges the original. A crash may leave one in both queues, and never
 * in neither. At the first that is not taken it ends.
 *
 * @throws {AmqpError}
 */
export async function moveMessages(
  connection: Connection,
  { from, to, count, confirmTimeoutMs }: MoveOptions,
  { stop, onMoved }: MoveContext,
): Promise<MoveResult> {
  await using browser = await QueueBrowser.open(connection, from);
  const { username } = connection.options.url;
  await using publisher = new Republisher(() => Promise.resolve(connection), {
    queue: from,
    username,
    confirmTimeoutMs,
  });
  const all = Math.min(count, browser.ready);
  let moved = 0;

  async function* taken(): AsyncGenerator<Delivery> {
    for (let n = 0; n < all && !stop.aborted; n++) {
      const delivery = await browser.next();
      if (delivery === undefined) return;
      yield delivery;
    }
  }

  async function move(delivery: Delivery): Promise<void> {
    await publisher.publish(to, delivery.body, movedProperties(delivery, username));
    browser.ack(delivery);
    onMoved(++moved / all);
  }

  let refused: PublishFailed | undefined;
  try {
    await moveAll(taken(), move);
  } catch (failure) {
    if (!(failure instanceof PublishFailed)) throw failure;
    refused = failure;
  }
  await browser.close();
  return { moved, ready: browser.ready, ...(refused && { refused }) };
}

/** All of a message's properties but those that another user, or another queue, cannot have. */
function movedProperties({ properties }: Delivery, username: string): Delivery["properties"] {
  const { userId, ...others } = properties;
  const headers: Record<string, unknown> = { ...properties.headers };
  // The broker would route the copy to those queues too, and counts anew in another queue.
  for (const name of ["CC", "BCC", "x-delivery-count", "x-acquired-count"]) delete headers[name];
  return { ...others, headers, ...(userId === username ? { userId } : {}) };
}
