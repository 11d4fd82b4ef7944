import type { Broker } from "../../broker.ts";
import { parseDefinitions } from "./definitions_document.ts";
import { DefinitionsImport } from "./definitions_import.ts";

/**
 * Imports definitions before anybody is served, and says what is left out. Users that are named at
 * the start stay as they are named; where some are imported, there is no default user.
 * @throws {DefinitionsError} when they cannot be imported
 */
export async function importAtStart(broker: Broker, text: string): Promise<void> {
  const definitions = parseDefinitions(text);
  const run = new DefinitionsImport(broker, { keepsUser: (name) => broker.users.isNamed(name) });
  await run.run(definitions);
  if (definitions.get("users")!.length > 0) broker.users.dropDefault();
  let objects = 0;
  for (const items of definitions.values()) objects += items.length;
  broker.emit({ event: "definitions", objects });
  for (const { place, reason } of run.notImported) {
    broker.emit({ event: "not-imported", place, reason });
  }
}
