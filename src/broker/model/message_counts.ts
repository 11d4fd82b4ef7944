/** How a delivery is made, as far as it is counted. */
interface DeliveryMode {
  readonly noAck: boolean;
}

/**
 * What has happened to messages since a queue or a channel began: plain integers, which cost next
 * to nothing where they rise. They are named as RabbitMQ's `message_stats`
 * (https://www.rabbitmq.com/docs/management#statistics).
 */
export class MessageCounts {
  /** Of a queue: and routed to it. Dead letters do not count. */
  publish = 0;
  confirm = 0;
  returnUnroutable = 0;
  dropUnroutable = 0;
  deliver = 0;
  deliverNoAck = 0;
  get = 0;
  getNoAck = 0;
  /** basic.get found nothing. */
  getEmpty = 0;
  ack = 0;
  redeliver = 0;

  /** No queue took it. @param options.mandatory it went back to its publisher */
  unroutable({ mandatory }: { readonly mandatory: boolean }): void {
    if (mandatory) this.returnUnroutable++;
    else this.dropUnroutable++;
  }

  /** To a consumer. */
  delivered(entry: { readonly redelivered: boolean }, mode: DeliveryMode): void {
    if (mode.noAck) this.deliverNoAck++;
    else this.deliver++;
    if (entry.redelivered) this.redeliver++;
  }

  /** By basic.get. */
  got(entry: { readonly redelivered: boolean }, mode: DeliveryMode): void {
    if (mode.noAck) this.getNoAck++;
    else this.get++;
    if (entry.redelivered) this.redeliver++;
  }

  /** Counts what others have counted, too. */
  add(others: MessageCounts): void {
    for (const name of Object.keys(this) as (keyof CountsOnly)[]) this[name] += others[name];
  }
}

type CountsOnly = {
  [Name in keyof MessageCounts as MessageCounts[Name] extends number ? Name : never]: number;
};

/** The counts of all channels of a virtual host: each counts for itself, which is the cheapest. */
export class ChannelCounts {
  readonly #ended = new MessageCounts();
  readonly #open = new Set<MessageCounts>();

  /** Those of a new channel. */
  begin(): MessageCounts {
    const counts = new MessageCounts();
    this.#open.add(counts);
    return counts;
  }

  /** The channel is closed. */
  end(counts: MessageCounts): void {
    if (this.#open.delete(counts)) this.#ended.add(counts);
  }

  /** Of all that are open, and were. */
  sum(): MessageCounts {
    const sum = new MessageCounts();
    for (const counts of [this.#ended, ...this.#open]) sum.add(counts);
    return sum;
  }
}
