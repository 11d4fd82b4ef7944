import { Channel } from "../channel/channel.ts";
import type { ChannelHost } from "../channel/channel_host.ts";
import type { Consumer } from "../channel/consumer.ts";
import type { TurnWork } from "../end_of_turn.ts";
import type { Entry } from "../model/entry.ts";
import type { Exchange } from "../model/exchange.ts";
import type { Message } from "../model/message.ts";
import type { Spread } from "../model/publish_way.ts";
import type { Routed } from "../model/router.ts";
import type { ChannelFaults } from "./channel_faults.ts";

/** A channel that refuses some publishes, and loses its consumers. */
export class FaultyChannel extends Channel {
  readonly faults: ChannelFaults;
  readonly #deliveries = new WeakMap<Consumer, number>();
  /** Consumers that go at the end of this turn: a queue is in the midst of delivering. */
  readonly #cancelled = new Set<Consumer>();
  readonly #cancelling: TurnWork = {
    endTurn: () => this.#cancel(),
    failed: (error) => this.failed(error),
  };

  constructor(number: number, host: ChannelHost, faults: ChannelFaults) {
    super(number, host);
    this.faults = faults;
  }

  /** What no queue would get is no queue's to refuse. */
  override route(
    exchange: Exchange,
    message: Message,
    keys: readonly string[] | undefined,
  ): Routed | Spread {
    const reaches = () =>
      this.vhost.router.route(exchange, [message.routingKey, ...keys ?? []], message).size > 0;
    if (this.confirms !== undefined && reaches() && this.faults.nacks()) return "rejected";
    return super.route(exchange, message, keys);
  }

  override canDeliver(): boolean {
    return this.#cancelled.size === 0 && super.canDeliver();
  }

  override deliver(consumer: Consumer, entry: Entry): void {
    super.deliver(consumer, entry);
    const deliveries = (this.#deliveries.get(consumer) ?? 0) + 1;
    this.#deliveries.set(consumer, deliveries);
    if (!this.faults.cancels(deliveries)) return;
    this.#cancelled.add(consumer);
    this.host.broker.endOfTurn.want("confirm", this.#cancelling);
  }

  /** As if the queue had failed over: the consumer is gone, and what it got may be settled. */
  #cancel(): boolean {
    const cancelled = [...this.#cancelled];
    this.#cancelled.clear();
    for (const consumer of cancelled) {
      if (this.consumers.get(consumer.tag) !== consumer) continue; // it has gone by itself
      this.consumerCancelled(consumer);
      consumer.queue.unsubscribe(consumer);
    }
    this.resumeConsumers();
    return false;
  }
}
