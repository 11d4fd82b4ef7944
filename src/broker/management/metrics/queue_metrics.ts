import { queueBytes } from "../../model/definition_bytes.ts";
import type { Queue } from "../../model/queue.ts";
import { counter, type Families, gauge, type Metric } from "./metric.ts";
import { textOf } from "../../wire/octets.ts";

const CONSUMERS: Metric<Queue> = gauge(
  "queue_consumers",
  "Consumers on a queue",
  ({ subscribers }) => subscribers.count,
);

const length = ({ readyCount, unackedCount }: Queue) => readyCount + unackedCount;
const bytes = ({ readyBytes, tally }: Queue) => readyBytes + tally.unackedBytes;

export const QUEUE_FAMILIES: Families<Queue> = {
  labelsOf: ({ vhost, name }) => [["vhost", textOf(vhost)], ["queue", textOf(name)]],
  metrics: {
    "queue_coarse_metrics": [
      gauge(
        "queue_messages_ready",
        "Messages ready to be delivered to consumers",
        ({ readyCount }) => readyCount,
      ),
      gauge(
        "queue_messages_unacked",
        "Messages delivered to consumers but not yet acknowledged",
        ({ unackedCount }) => unackedCount,
      ),
      gauge(
        "queue_messages",
        "Sum of ready and unacknowledged messages - total queue depth",
        length,
      ),
    ],
    "queue_consumer_count": [CONSUMERS],
    "queue_metrics": [
      CONSUMERS,
      gauge(
        "queue_process_memory_bytes",
        "Memory in bytes used by the Erlang queue process",
        (queue) => queueBytes(queue) + queue.tally.memoryBytes,
      ),
      // All messages are in memory.
      gauge("queue_messages_ram", "Ready and unacknowledged messages stored in memory", length),
      gauge(
        "queue_messages_ram_bytes",
        "Size of ready and unacknowledged messages stored in memory",
        bytes,
      ),
      gauge(
        "queue_messages_ready_ram",
        "Ready messages stored in memory",
        ({ readyCount }) => readyCount,
      ),
      gauge(
        "queue_messages_unacked_ram",
        "Unacknowledged messages stored in memory",
        ({ unackedCount }) => unackedCount,
      ),
      gauge(
        "queue_messages_bytes",
        "Size in bytes of ready and unacknowledged messages",
        bytes,
      ),
      gauge(
        "queue_messages_ready_bytes",
        "Size in bytes of ready messages",
        ({ readyBytes }) => readyBytes,
      ),
      gauge(
        "queue_messages_unacked_bytes",
        "Size in bytes of all unacknowledged messages",
        ({ tally }) => tally.unackedBytes,
      ),
    ],
    "queue_delivery_metrics": [
      counter(
        "queue_get_ack_total",
        "Total number of messages fetched from a queue with basic.get in manual acknowledgement " +
          "mode",
        ({ tally }) => tally.counts.get,
      ),
      counter(
        "queue_get_total",
        "Total number of messages fetched from a queue with basic.get in automatic " +
          "acknowledgement mode",
        ({ tally }) => tally.counts.getNoAck,
      ),
      counter(
        "queue_messages_delivered_ack_total",
        "Total number of messages delivered from a queue to consumers in manual acknowledgement " +
          "mode",
        ({ tally }) => tally.counts.deliver,
      ),
      counter(
        "queue_messages_delivered_total",
        "Total number of messages delivered from a queue to consumers in automatic " +
          "acknowledgement mode",
        ({ tally }) => tally.counts.deliverNoAck,
      ),
      counter(
        "queue_messages_redelivered_total",
        "Total number of messages redelivered from a queue to consumers",
        ({ tally }) => tally.counts.redeliver,
      ),
      counter(
        "queue_messages_acked_total",
        "Total number of messages acknowledged by consumers on a queue",
        ({ tally }) => tally.counts.ack,
      ),
      counter(
        "queue_get_empty_total",
        "Total number of times basic.get operations fetched no message on a queue",
        ({ tally }) => tally.counts.getEmpty,
      ),
    ],
  },
};
