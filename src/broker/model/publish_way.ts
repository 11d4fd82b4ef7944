import { type DirectReplies, REPLY_TO_PREFIX } from "./direct_replies.ts";
import type { Exchange } from "./exchange.ts";
import type { Message } from "./message.ts";
import type { Queue } from "./queue.ts";
import type { Enqueued, QueueContext } from "./queue_context.ts";
import { type Routed, type Router, together } from "./router.ts";

/** A message for more queues goes to them in slices. */
const QUEUES_AT_ONCE = 100;

/** The way of a message to very many queues, one after the other: what became of it in each. */
export type Spread = Iterable<Enqueued>;

/** What the way of publishes needs of the broker. */
export type PublishContext =
  & Pick<QueueContext<unknown>, "release" | "isTurnOver">
  & { readonly directReplies: DirectReplies };

/** The way of publishes through a virtual host: from an exchange to queues or a direct reply. */
export class PublishWay {
  readonly #queues: ReadonlyMap<string, Queue>;
  readonly #router: Router;
  readonly #context: PublishContext;

  constructor(queues: ReadonlyMap<string, Queue>, router: Router, context: PublishContext) {
    this.#queues = queues;
    this.#router = router;
    this.#context = context;
  }

  /**
   * Routes a message to queues and enqueues it.
   * @param keys further routing keys (CC and BCC).
   * @returns "rejected" where any queue refused it, "storing" where any keeps it on disk; where the
   *   queues are very many, what will become of it in each: the caller goes through them.
   */
  publish(
    exchange: Exchange,
    message: Message,
    keys: readonly string[] | undefined,
  ): Routed | Spread {
    exchange.publishedIn++;
    if (exchange.name === "" && keys === undefined) {
      const queue = this.#queues.get(message.routingKey);
      if (queue === undefined) return this.#reply(message.routingKey, message);
      return enqueue(exchange, queue, message);
    }
    const allKeys = [message.routingKey, ...keys ?? []];
    let routed: Routed = "unroutable";
    if (exchange.name === "") {
      for (const key of new Set(allKeys)) routed = together(routed, this.#reply(key, message));
    }
    const queues = this.#router.route(exchange, allKeys, message);
    if (queues.size > QUEUES_AT_ONCE) return spread(exchange, queues, message);
    for (const queue of queues) {
      routed = together(routed, enqueue(exchange, queue, message));
      this.#context.isTurnOver(); // the step counts
    }
    return routed;
  }

  /**
   * A direct reply. Where it passes by the queues, it is returned when it is mandatory, delivered
   * or not.
   */
  #reply(key: string, message: Message): "unroutable" | "taken" {
    if (!key.startsWith(REPLY_TO_PREFIX) || !this.#context.directReplies.deliver(key, message)) {
      return "unroutable";
    }
    return this.#context.release.directReplies === "volatile queue" ? "taken" : "unroutable";
  }
}

function* spread(exchange: Exchange, queues: Iterable<Queue>, message: Message): Spread {
  for (const queue of queues) {
    // One may have been deleted meanwhile: it got the message before that.
    yield queue.deleted ? "taken" : enqueue(exchange, queue, message);
  }
}

function enqueue(exchange: Exchange, queue: Queue, message: Message): Enqueued {
  exchange.publishedOut++;
  queue.tally.counts.publish++;
  return queue.publish(message);
}
