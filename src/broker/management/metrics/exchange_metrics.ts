import type { Exchange } from "../../model/exchange.ts";
import type { VHost } from "../../model/vhost.ts";
import { counter, type Families, gauge } from "./metric.ts";
import { textOf } from "../../wire/octets.ts";

export const EXCHANGE_FAMILIES: Families<Exchange> = {
  labelsOf: ({ vhost, name }) => [["vhost", textOf(vhost)], ["exchange", textOf(name)]],
  metrics: {
    "exchange_metrics": [
      counter(
        "exchange_messages_published_total",
        "Total number of messages published into an exchange",
        ({ publishedIn }) => publishedIn,
      ),
    ],
  },
};

/** What RabbitMQ tells of a whole cluster, under `rabbitmq_cluster_`. */
export const CLUSTER_VHOSTS: Families<VHost> = {
  labelsOf: ({ name }) => [["vhost", textOf(name)]],
  metrics: { "vhost_status": [gauge("vhost_status", "Whether a given vhost is running", () => 1)] },
};

export const CLUSTER_EXCHANGES: Families<Exchange> = {
  labelsOf: (exchange) => [...EXCHANGE_FAMILIES.labelsOf(exchange), ["type", exchange.type]],
  metrics: {
    "exchange_bindings": [
      gauge(
        "exchange_bindings",
        "Number of bindings for an exchange. This value is cluster-wide.",
        ({ bindingCount }) => bindingCount,
      ),
    ],
    "exchange_names": [
      gauge(
        "exchange_name",
        "Enumerates exchanges without any additional info. This value is cluster-wide. " +
          "A cheaper alternative to `exchange_bindings`",
        () => 1,
      ),
    ],
  },
};
