import type { UserOptions } from "../../broker/access/user.ts";
import { defined } from "../defined.ts";

/**
 * Reads a user of the embedded broker: `name:password`, who may do everything, or with the patterns
 * of RabbitMQ's permissions `name:password:configure:write:read`.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseUser(text: string): UserOptions {
  const [name, password, configure, write, read, ...rest] = text.split(":");
  const complete = configure === undefined || (write !== undefined && read !== undefined);
  if (!name || password === undefined || !complete || rest.length > 0) {
    throw new RangeError("Write name:password, or name:password:configure:write:read.");
  }
  return { name, password, ...defined({ configure, write, read }) };
}

/** RabbitMQ's tags of one user. */
export interface UserTags {
  readonly name: string;
  readonly tags: readonly string[];
}

/**
 * Reads `name:tag` or `name:tag,tag`.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseUserTags(text: string): UserTags {
  const [name, tags, ...rest] = text.split(":");
  if (!name || !tags || rest.length > 0) throw new RangeError("Write name:tag, or name:tag,tag.");
  return { name, tags: tags.split(",") };
}
