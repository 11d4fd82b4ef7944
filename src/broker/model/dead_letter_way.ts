import { deadMessage, isAutomaticCycle } from "./dead_letter.ts";
import type { DeadLetters, Death, Letter, LetterWay } from "./dead_letters.ts";
import type { Entry, EntryQueue } from "./entry.ts";
import type { Exchange } from "./exchange.ts";
import type { Message } from "./message.ts";
import type { DeathReason, QueueContext } from "./queue_context.ts";
import { carbonCopies, type Router } from "./router.ts";

/** What the way of dead letters needs of the broker. */
export type DeadLetterContext =
  & Pick<QueueContext<unknown>, "release" | "now">
  & { readonly deadLetters: DeadLetters };

/** The way of dead letters through a virtual host: from a queue's exchange to other queues. */
export class DeadLetterWay implements LetterWay {
  /** What is enqueued now replaces an entry of another queue. */
  posting = false;
  readonly #exchanges: ReadonlyMap<string, Exchange>;
  readonly #router: Router;
  readonly #context: DeadLetterContext;

  constructor(
    exchanges: ReadonlyMap<string, Exchange>,
    router: Router,
    context: DeadLetterContext,
  ) {
    this.#exchanges = exchanges;
    this.#router = router;
    this.#context = context;
  }

  /** Sends an entry on its way, now or a little later. */
  add(entry: Entry, reason: DeathReason, deliveryCount: number): void {
    // A missing dead-letter exchange drops the message.
    if (this.#exchangeOf(entry) === undefined) return entry.queue.forget(entry);
    this.#context.deadLetters.add({ entry, reason, deliveryCount, way: this });
  }

  #exchangeOf({ queue }: Entry): Exchange | undefined {
    return this.#exchanges.get(queue.policy.deadLetterExchange ?? "\0");
  }

  letterOf({ entry, reason }: Death): Letter {
    const { message, headers } = deadMessage(
      entry,
      reason,
      this.#context.now(),
      this.#context.release,
    );
    const exchange = this.#exchangeOf(entry); // it may have gone
    if (exchange === undefined) return { message, queues: [] };
    const keys = [message.routingKey, ...carbonCopies(headers.get("CC"))];
    const queues = [...this.#router.route(exchange, keys, message)];
    if (reason === "rejected") return { message, queues };
    return { message, queues: queues.filter(({ name }) => !isAutomaticCycle(headers, name)) };
  }

  post(message: Message, queue: EntryQueue, { deliveryCount }: Death): void {
    if (queue.deleted) return;
    this.posting = true;
    try {
      queue.publish(message, deliveryCount);
    } finally {
      this.posting = false;
    }
  }
}
