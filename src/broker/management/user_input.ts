import { PasswordHash } from "../access/password_hash.ts";
import type { UserState } from "../access/user_state.ts";
import { Buffer } from "node:buffer";
import { badRequest } from "./api_error.ts";

/**
 * Password and tags of a user, as a request or an export says them. Without a password nobody can
 * log in.
 * @throws {ApiError} 400
 */
export function identityOf(
  values: Readonly<Record<string, unknown>>,
): Pick<UserState, "password" | "tags"> {
  const { password, password_hash: hash, hashing_algorithm: algorithm, tags } = values;
  if (tags === undefined) throw badRequest("tags_not_present");
  if (password !== undefined && hash !== undefined) {
    throw badRequest("both_password_and_password_hash_are_provided");
  }
  return { password: passwordOf(password, hash, algorithm), tags: tagsOf(tags) };
}

function passwordOf(
  password: unknown,
  hash: unknown,
  algorithm: unknown,
): PasswordHash | undefined {
  if (password !== undefined) {
    if (typeof password !== "string") throw badRequest(["not_string", password]);
    return PasswordHash.of(Buffer.from(password));
  }
  if (hash === undefined) return undefined;
  if (typeof hash !== "string") throw badRequest(["not_string", hash]);
  try {
    return PasswordHash.parse(hash, algorithm === undefined ? undefined : `${algorithm}`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw badRequest(/base64/.test(error.message) ? ["not_base64", hash] : error.message);
  }
}

/** Tags as a list, or as a text with commas between them. */
export function tagsOf(tags: unknown): string[] {
  const list = typeof tags === "string" ? tags.split(",") : tags;
  if (!Array.isArray(list) || !list.every((tag) => typeof tag === "string")) {
    throw badRequest(["not_string", tags]);
  }
  return list.map((tag) => tag.trim()).filter((tag) => tag !== "");
}
