/** What an operator says of a virtual host. */
export interface VHostMetadata {
  readonly description: string;
  readonly tags: readonly string[];
  /** The type that RabbitMQ gives queues that name none; kept, without effect. */
  readonly defaultQueueType: string | null;
  /** Kept, without effect. */
  readonly tracing: boolean;
}

export const NO_METADATA: VHostMetadata = {
  description: "",
  tags: [],
  defaultQueueType: null,
  tracing: false,
};
