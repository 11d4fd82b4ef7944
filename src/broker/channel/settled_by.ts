/** How deliveries are settled: back to the queue or for good, as failed (basic.reject) or not. */
export type SettledBy = "ack" | "discard" | "reject" | "requeue" | "reject and requeue";
