/**
 * RabbitMQ refuses (`basic.nack`) what is published to a quorum queue that another client has just
 * declared, until the queue has a leader: for up to 0.2 s, measured on 3.10, 4.0 and 4.3. A full
 * queue refuses in the same way. So a refusal of a quorum queue counts when the message was
 * published again after each of these pauses, in milliseconds.
 */
export const REFUSED_AGAIN_AFTER_MS: readonly number[] = [50, 100, 200, 400, 800, 1_600];
