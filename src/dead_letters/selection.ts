import { Buffer } from "node:buffer";
import type { Delivery } from "../amqp/delivery.ts";

/** Which dead letters are meant; without anything, all of them. */
export interface Selection {
  /** Their message id is this. */
  readonly messageId?: string;
  /** Their body has this text in it, as UTF-8. */
  readonly match?: string;
  /** The first so many of those. */
  readonly count?: number;
}

/** Whether a dead letter is meant, its place among the others apart. */
export function isSelected(delivery: Delivery, { messageId, match }: Selection): boolean {
  if (messageId !== undefined && delivery.messageId !== messageId) return false;
  if (match === undefined) return true;
  const { buffer, byteOffset, byteLength } = delivery.body;
  return Buffer.from(buffer, byteOffset, byteLength).includes(match);
}

/** Whether it says which ones, and not only how many. */
export function isSelective({ messageId, match }: Selection): boolean {
  return messageId !== undefined || match !== undefined;
}
