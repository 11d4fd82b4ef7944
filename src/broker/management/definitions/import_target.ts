import type { VHost } from "../../model/vhost.ts";
import type { DefinitionItem } from "./definition_item.ts";

/** Where objects of definitions go. */
export interface ImportTarget {
  /** Says that something is left out. */
  leaveOut(item: DefinitionItem, reason: string): void;
  /** The virtual host of an object. @throws {DefinitionsError} when there is none */
  vhostOf(item: DefinitionItem): VHost;
}
