import { DefinitionItem, isObject } from "./definition_item.ts";
import { DefinitionsError } from "./definitions_error.ts";
import { syntaxErrorPlace } from "./syntax_error_place.ts";

/** The lists of an export, in the order in which they are imported. */
export const SECTIONS = [
  "users",
  "vhosts",
  "permissions",
  "topic_permissions",
  "parameters",
  "global_parameters",
  "policies",
  "exchanges",
  "queues",
  "bindings",
] as const;

export type Section = typeof SECTIONS[number];

/** What RabbitMQ exports (https://www.rabbitmq.com/docs/definitions). */
export type Definitions = ReadonlyMap<Section, readonly DefinitionItem[]>;

/** @throws {DefinitionsError} where it is no JSON, or no export */
export function parseDefinitions(text: string): Definitions {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    throw new DefinitionsError(syntaxErrorPlace(text), "is no JSON");
  }
  return readDefinitions(values);
}

/** @throws {DefinitionsError} where it is no export */
export function readDefinitions(values: unknown): Definitions {
  if (!isObject(values)) {
    throw new DefinitionsError("definitions", 'expected an object with lists such as "queues"');
  }
  return new Map(SECTIONS.map((section) => [section, readSection(section, values[section] ?? [])]));
}

function readSection(section: Section, list: unknown): DefinitionItem[] {
  if (!Array.isArray(list)) throw new DefinitionsError(section, "expected a list");
  return list.map((values, at) => {
    const place = `${section}[${at}]`;
    if (!isObject(values)) throw new DefinitionsError(place, "expected an object");
    return new DefinitionItem(place, values);
  });
}
