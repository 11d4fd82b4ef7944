import type { FieldTable } from "../../wire/field_table.ts";
import { ChannelError } from "../../wire/protocol_error.ts";
import { ApiError } from "../api_error.ts";
import { tableOf } from "../json_body.ts";
import { DefinitionsError } from "./definitions_error.ts";
import { octetsOf, textOf } from "../../wire/octets.ts";

type Json = Readonly<Record<string, unknown>>;

/** An object of an export; what it must hold is named with its place. */
export class DefinitionItem {
  /** Such as `queues[3]`. */
  readonly place: string;
  readonly values: Json;

  constructor(place: string, values: Json) {
    this.place = place;
    this.values = values;
  }

  /** @throws {DefinitionsError} */
  fail(key: string, problem: string): never {
    throw new DefinitionsError(`${this.place}.${key}`, problem);
  }

  /** @throws {DefinitionsError} */
  text(key: string, otherwise?: string): string {
    const value = this.values[key] ?? otherwise;
    if (typeof value === "string") return value;
    return this.fail(key, value === undefined ? "is missing" : "expected a text");
  }

  /** A name as the wire has it, one character an octet. @throws {DefinitionsError} */
  name(key: string): string {
    return octetsOf(this.text(key));
  }

  /** @throws {DefinitionsError} */
  flag(key: string, otherwise?: boolean): boolean {
    const value = this.values[key] ?? otherwise;
    if (typeof value === "boolean") return value;
    return this.fail(key, value === undefined ? "is missing" : "expected true or false");
  }

  /** @throws {DefinitionsError} */
  object(key: string): Json {
    const value = this.values[key] ?? {};
    if (Array.isArray(value) && value.length === 0) return {}; // Erlang's empty object
    return isObject(value) ? value : this.fail(key, "expected an object");
  }

  /** @throws {DefinitionsError} */
  table(key = "arguments"): FieldTable {
    return this.refused(() => tableOf(this.object(key), 0));
  }

  /** What an operation refuses is wrong at this place. @throws {DefinitionsError} */
  refused<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      if (error instanceof ApiError) {
        const { reason } = error;
        throw new DefinitionsError(this.place, typeof reason === "string" ? reason : `${reason}`);
      }
      if (error instanceof ChannelError) {
        throw new DefinitionsError(this.place, textOf(error.explanation));
      }
      throw error;
    }
  }
}

export function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
