/** How a delivery is made, as far as it is counted. */
interface DeliveryMode {
  readonly noAck: boolean;
}

/**
 * What has happened to messages since a queue, a channel or a virtual host began: plain integers,
 * which cost next to nothing where they rise. They are named as RabbitMQ's `message_stats`
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
  getEmpty = 0;
  ack = 0;
  redeliver = 0;
  /** The whole that these are a part of: what is counted here is counted there too. */
  readonly #whole: MessageCounts | undefined;

  constructor(whole?: MessageCounts) {
    this.#whole = whole;
  }

  published(): void {
    this.publish++;
    this.#whole?.published();
  }

  confirmed(count: number): void {
    this.confirm += count;
    this.#whole?.confirmed(count);
  }

  /** No queue took it. @param options.mandatory it went back to its publisher */
  unroutable({ mandatory }: { readonly mandatory: boolean }): void {
    if (mandatory) this.returnUnroutable++;
    else this.dropUnroutable++;
    this.#whole?.unroutable({ mandatory });
  }

  /** To a consumer. */
  delivered(entry: { readonly redelivered: boolean }, mode: DeliveryMode): void {
    if (mode.noAck) this.deliverNoAck++;
    else this.deliver++;
    if (entry.redelivered) this.redeliver++;
    this.#whole?.delivered(entry, mode);
  }

  /** By basic.get. */
  got(entry: { readonly redelivered: boolean }, mode: DeliveryMode): void {
    if (mode.noAck) this.getNoAck++;
    else this.get++;
    if (entry.redelivered) this.redeliver++;
    this.#whole?.got(entry, mode);
  }

  /** basic.get found nothing. */
  foundEmpty(): void {
    this.getEmpty++;
    this.#whole?.foundEmpty();
  }

  acknowledged(): void {
    this.ack++;
    this.#whole?.acknowledged();
  }
}
