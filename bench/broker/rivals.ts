/** A broker that is measured. */
export interface Rival {
  /** In tables, for example "RabbitMQ 3.10.8". */
  readonly name: string;
  readonly url: string;
}

/** The embedded broker, and what it is compared with; they take turns in this order. */
export type Rivals = readonly [embedded: Rival, rabbitmq: Rival];
