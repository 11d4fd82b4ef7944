import type { Figures, Sampled } from "./sampler.ts";

/** What came and went since the broker began, as RabbitMQ's `churn_rates` name it. */
export class Churn implements Sampled {
  connectionCreated = 0;
  connectionClosed = 0;
  channelCreated = 0;
  channelClosed = 0;
  /** Created, or declared again. */
  queueDeclared = 0;
  queueCreated = 0;
  queueDeleted = 0;

  figures(): Figures {
    return Object.fromEntries(Object.entries(this));
  }
}
