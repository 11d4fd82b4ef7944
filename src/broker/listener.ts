/** A port on which the broker listens. */
export interface Listener {
  /** As RabbitMQ names them: AMQP 0-9-1, or the management API. */
  readonly protocol: "amqp" | "http";
  readonly address: string;
  readonly port: number;
}
