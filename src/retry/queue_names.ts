import { Buffer } from "node:buffer";
import { MAX_SHORT_STRING_BYTES } from "../amqp/short_string.ts";
import { exactDuration } from "./exact_duration.ts";

/** The queue in which failed tasks of `queue` wait for `delayMs`: `images.retry.30s`. */
export function retryQueueName(queue: string, delayMs: number): string {
  return `${queue}.retry.${exactDuration(delayMs)}`;
}

/** Whether `name` is a retry queue of `queue`, whatever its delay. */
export function isRetryQueueOf(queue: string, name: string): boolean {
  const prefix = `${queue}.retry.`;
  return name.startsWith(prefix) && /^\d+(ms|[smhd])$/.test(name.slice(prefix.length));
}

/**
 * Where the tasks of `queue` that are given up go, unless another queue is named: `images.dead`.
 */
export function deadLetterQueueName(queue: string): string {
  return `${queue}.dead`;
}

/** The first of these queue names that AMQP cannot carry, over 255 bytes of UTF-8, or undefined. */
export function overlongName(names: Iterable<string>): string | undefined {
  for (const name of names) if (Buffer.byteLength(name) > MAX_SHORT_STRING_BYTES) return name;
  return undefined;
}
