import type { Figures, RateOf, Sampled, Sampler } from "../sampler.ts";

/** What RabbitMQ calls a figure, and those of the broker's that are added up for it. */
type Names = readonly (readonly [name: string, ...figures: string[]])[];

const ROUTED: Names = [["publish", "publish"]];
const PUBLISHED: Names = [
  ["publish", "publish"],
  ["confirm", "confirm"],
  ["return_unroutable", "returnUnroutable"],
  ["drop_unroutable", "dropUnroutable"],
];
const DELIVERED: Names = [
  ["deliver", "deliver"],
  ["deliver_no_ack", "deliverNoAck"],
  ["get", "get"],
  ["get_no_ack", "getNoAck"],
  ["get_empty", "getEmpty"],
  ["deliver_get", "deliver", "deliverNoAck", "get", "getNoAck"],
  ["redeliver", "redeliver"],
  ["ack", "ack"],
];
const THROUGH: Names = [["publish_in", "publishIn"], ["publish_out", "publishOut"]];
const LENGTHS: Names = [
  ["messages", "ready", "unacked"],
  ["messages_ready", "ready"],
  ["messages_unacknowledged", "unacked"],
];
const CHURN: Names = [
  ["connection_created", "connectionCreated"],
  ["connection_closed", "connectionClosed"],
  ["channel_created", "channelCreated"],
  ["channel_closed", "channelClosed"],
  ["queue_declared", "queueDeclared"],
  ["queue_created", "queueCreated"],
  ["queue_deleted", "queueDeleted"],
];
const OCTETS: Names = [["recv_oct", "receivedBytes"], ["send_oct", "sentBytes"]];

/** Figures of one or more together, under RabbitMQ's names, each with its rate in `…_details`. */
class FiguresWithRates {
  readonly #parts: readonly { readonly figures: Figures; readonly rateOf: RateOf }[];

  constructor(all: readonly Sampled[], sampler: Sampler) {
    this.#parts = all.map((one) => ({ figures: one.figures(), rateOf: sampler.rates(one) }));
  }

  tell(names: Names): Record<string, unknown> {
    const told: Record<string, unknown> = {};
    for (const [name, ...figures] of names) {
      let rate = 0;
      for (const { rateOf } of this.#parts) for (const figure of figures) rate += rateOf(figure);
      told[name] = this.#sum(figures);
      told[`${name}_details`] = { rate: Math.round(rate * 100) / 100 };
    }
    return told;
  }

  /** Groups of which nothing has happened are left out, as RabbitMQ does; all: no statistics. */
  stats(...groups: readonly Names[]): { message_stats?: Record<string, unknown> } {
    const happened = groups.filter((names) =>
      names.some(([, ...figures]) => this.#sum(figures) > 0)
    );
    return happened.length === 0 ? {} : { message_stats: this.tell(happened.flat()) };
  }

  #sum(names: readonly string[]): number {
    let sum = 0;
    for (const { figures } of this.#parts) for (const name of names) sum += figures[name]!;
    return sum;
  }
}

/** The lengths of a queue and its `message_stats`. */
export function queueFigures(queue: Sampled, sampler: Sampler): Record<string, unknown> {
  const figures = new FiguresWithRates([queue], sampler);
  return { ...figures.tell(LENGTHS), ...figures.stats(ROUTED, DELIVERED) };
}

/** The lengths of the queues of a virtual host together, and its `message_stats`. */
export function vhostFigures(vhost: Sampled, sampler: Sampler): Record<string, unknown> {
  const figures = new FiguresWithRates([vhost], sampler);
  return { ...figures.tell(LENGTHS), ...figures.stats(PUBLISHED, DELIVERED) };
}

/** What an overview tells: all of it always, because collectors fail without. */
export function totalFigures(vhosts: readonly Sampled[], churn: Sampled, sampler: Sampler) {
  const figures = new FiguresWithRates(vhosts, sampler);
  return {
    churn_rates: new FiguresWithRates([churn], sampler).tell(CHURN),
    message_stats: figures.tell([...PUBLISHED, ...DELIVERED]),
    queue_totals: figures.tell(LENGTHS),
  };
}

export function exchangeFigures(exchange: Sampled, sampler: Sampler): Record<string, unknown> {
  return new FiguresWithRates([exchange], sampler).stats(THROUGH);
}

export function channelFigures(channel: Sampled, sampler: Sampler): Record<string, unknown> {
  return new FiguresWithRates([channel], sampler).stats(PUBLISHED, DELIVERED);
}

export function trafficFigures(traffic: Sampled, sampler: Sampler): Record<string, unknown> {
  return new FiguresWithRates([traffic], sampler).tell(OCTETS);
}
