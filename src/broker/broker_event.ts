/** What happens in the broker, for a log. Names are text; printing is the caller's. */
export type BrokerEvent =
  | { event: "listening"; url: string; messages: number }
  /** No more connections: the limit of open files is reached, or memory is short. */
  | { event: "full"; connections: number; lack: "open files" | "memory" }
  | { event: "management"; url: string }
  | { event: "management-unavailable"; url: string; reason: string }
  | { event: "connected"; connection: number; remote: string }
  | { event: "opened"; connection: number; user: string; vhost: string; name: string }
  | { event: "refused"; connection: number; replyCode: number; reason: string }
  | {
    event: "channel-error";
    connection: number;
    channel: number;
    replyCode: number;
    reason: string;
  }
  | { event: "connection-error"; connection: number; replyCode: number; reason: string }
  | { event: "disconnected"; connection: number; reason: string }
  | { event: "method"; connection: number; channel: number; method: string }
  | { event: "blocked"; memoryBytes: number }
  | { event: "unblocked"; memoryBytes: number }
  | { event: "store-failed"; reason: string }
  | { event: "store-mended"; reason: string }
  | { event: "store-damaged"; reason: string }
  | { event: "definitions"; objects: number }
  | { event: "not-imported"; place: string; reason: string }
  | { event: "internal-error"; connection: number; reason: string }
  | { event: "operation-failed"; vhost: string; queue: string; message?: number; reason: string }
  | { event: "faults"; seed: number }
  | { event: "fault"; fault: string; connection: number; channel?: number; what: string }
  | { event: "faults-made"; seed: number; made: Readonly<Record<string, number>> }
  | { event: "closed" };
