import type { QueueBrowser } from "../amqp/queue_browser.ts";
import { deathOf, replayedProperties } from "../retry/dead_letter.ts";
import type { Delivery } from "../amqp/delivery.ts";
import { MessageReturned, PublishFailed } from "../amqp/errors.ts";
import { moveAll } from "../retry/move_all.ts";
import type { Republisher } from "../retry/republisher.ts";
import type { DeadEvent } from "./dead_letter_event.ts";

export interface ReplayOptions {
  /** The work queue: those go to it that came from it, or do not say where they came from. */
  readonly queue: string;
  /** Where all go, wherever they came from; undefined for `queue`, if from there. */
  readonly to?: string | undefined;
  readonly deadLetterQueue: string;
  readonly username: string;
  /** The name of this run. */
  readonly run: string;
  readonly onEvent: (event: DeadEvent) => void;
}

/**
 * Puts dead letters back where they came from, in their order: publishes each, and acknowledges it
 * when that was confirmed. One that no queue takes, or that would go where nobody asked for, stays
 * where it is, and the others go on.
 *
 * @throws {AmqpError} what ends the run; the confirms that were on their way have been waited for
 */
export async function replay(
  deadLetters: AsyncIterable<Delivery>,
  browser: QueueBrowser,
  republisher: Republisher,
  options: ReplayOptions,
): Promise<void> {
  const { onEvent } = options;

  async function replayOne(delivery: Delivery): Promise<void> {
    const from = originOf(delivery, options);
    const to = options.to ?? options.queue;
    if (options.to === undefined && from !== to) return onEvent({ event: "kept", delivery, from });
    const properties = replayedProperties(delivery, options);
    try {
      await republisher.publish(to, delivery.body, properties);
      browser.ack(delivery);
      onEvent({ event: "replayed", delivery, to });
    } catch (error) {
      const failed = notTaken(error, delivery, to);
      if (!failed) throw error;
      onEvent(failed);
    }
  }

  await moveAll(deadLetters, replayOne);
}

/**
 * Where the broker took it from, or worktool did; the queue that the user names where nobody says,
 * or what goes back would only come again.
 */
function originOf(delivery: Delivery, { queue, deadLetterQueue }: ReplayOptions): string {
  const from = deathOf(delivery).queue;
  return from === undefined || from === "" || from === deadLetterQueue ? queue : from;
}

function notTaken(error: unknown, delivery: Delivery, to: string): DeadEvent | undefined {
  if (error instanceof MessageReturned) {
    const { replyCode, replyText } = error.reply!;
    return { event: "returned", delivery, to, replyCode, replyText };
  }
  if (error instanceof PublishFailed) {
    return { event: "refused", delivery, to, reason: error.message };
  }
  return undefined;
}
