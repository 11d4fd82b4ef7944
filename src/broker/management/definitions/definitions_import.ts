import { setImmediate } from "node:timers/promises";
import type { Broker } from "../../broker.ts";
import { checkPolicy } from "../../model/check_policy.ts";
import { InvalidPolicy } from "../../model/policy.ts";
import { policyKeysOf } from "../../model/policy_keys.ts";
import { hasEffect } from "../../model/policy_merge.ts";
import type { VHost } from "../../model/vhost.ts";
import { permissionOf } from "../permissions.ts";
import { proposalOf } from "../policies.ts";
import { identityOf } from "../user_input.ts";
import { metadataOf } from "../vhosts.ts";
import type { DefinitionItem } from "./definition_item.ts";
import { type Definitions, type Section, SECTIONS } from "./definitions_document.ts";
import type { ImportTarget } from "./import_target.ts";
import { importBinding, importExchange, importQueue } from "./topology_import.ts";
import { textOf } from "../../wire/octets.ts";

/** Objects that are imported before others have their turn. */
const OBJECTS_PER_TURN = 200;

/** Something that this broker cannot do, and leaves out. */
export interface NotImported {
  /** Such as `queues[3]`. */
  readonly place: string;
  readonly reason: string;
}

/** How definitions are imported. */
export interface ImportOptions {
  /** All goes there, and what is of the whole broker is left out; default where each says. */
  readonly vhost?: VHost;
  /** Users that stay as they are. */
  readonly keepsUser?: (name: string) => boolean;
}

/** Definitions on their way into a broker. */
export class DefinitionsImport implements ImportTarget {
  /** What was left out so far. */
  readonly notImported: NotImported[] = [];
  readonly broker: Broker;
  readonly #options: ImportOptions;

  constructor(broker: Broker, options: ImportOptions = {}) {
    this.broker = broker;
    this.#options = options;
  }

  /**
   * Adds what is not there, and changes users, permissions, policies and parameters that are; a
   * queue or an exchange that is there stays as it is.
   * @throws {DefinitionsError} at the first that cannot be imported; those before it are
   * @throws {ConnectionError} 541 when the disk refuses it
   */
  async run(definitions: Definitions): Promise<void> {
    let count = 0;
    for (const section of SECTIONS) {
      for (const item of definitions.get(section) ?? []) {
        this.#import(section, item);
        if (++count % OBJECTS_PER_TURN === 0) await setImmediate();
      }
    }
  }

  leaveOut({ place }: DefinitionItem, reason: string): void {
    this.notImported.push({ place, reason });
  }

  vhostOf(item: DefinitionItem): VHost {
    if (this.#options.vhost !== undefined) return this.#options.vhost;
    const name = item.name("vhost");
    return this.broker.vhosts.get(name) ??
      item.fail("vhost", `there is no virtual host "${textOf(name)}"`);
  }

  #import(section: Section, item: DefinitionItem): void {
    const isOfBroker = ["users", "vhosts", "permissions", "global_parameters"].includes(section);
    if (isOfBroker && this.#options.vhost !== undefined) return;
    switch (section) {
      case "users":
        return this.#user(item);
      case "vhosts":
        return this.#vhost(item);
      case "permissions":
        return this.#permission(item);
      case "topic_permissions":
        return this.leaveOut(item, "there are no topic permissions here");
      case "parameters":
        return this.leaveOut(item, `nothing here uses "${item.text("component")}"`);
      case "global_parameters":
        return this.broker.parameters.put(item.name("name"), item.values.value ?? null);
      case "policies":
        return this.#policy(item);
      case "queues":
        return importQueue(this, item);
      case "exchanges":
        return importExchange(this, item);
      case "bindings":
        return importBinding(this, item);
    }
  }

  #isKept(item: DefinitionItem, name: string): boolean {
    const isKept = this.#options.keepsUser?.(name) ?? false;
    if (isKept) this.leaveOut(item, `the user ${textOf(name)} is as --user says`);
    return isKept;
  }

  #user(item: DefinitionItem): void {
    const name = item.name("name");
    if (this.#isKept(item, name)) return;
    const identity = item.refused(() => identityOf({ tags: "", ...item.values }));
    this.broker.users.put(name, identity);
    this.#limits(item);
  }

  #vhost(item: DefinitionItem): void {
    const values = { ...item.object("metadata"), ...item.values };
    this.broker.vhosts.put(item.name("name"), item.refused(() => metadataOf(values)));
    this.#limits(item);
  }

  #limits(item: DefinitionItem): void {
    const limits = Object.keys(item.object("limits"));
    if (limits.length > 0) {
      this.leaveOut(item, `its limits (${limits.join(", ")}) do not hold here`);
    }
  }

  #permission(item: DefinitionItem): void {
    const name = item.name("user");
    const vhost = this.vhostOf(item);
    if (this.#isKept(item, name)) return;
    const user = this.broker.users.get(name) ??
      item.fail("user", `there is no user "${textOf(name)}"`);
    const permission = item.refused(() => permissionOf(item.values));
    this.broker.users.permit(user, vhost.name, permission);
  }

  #policy(item: DefinitionItem): void {
    const { release } = this.broker;
    const vhost = this.vhostOf(item);
    const entries = Object.entries(item.object("definition"));
    const known = entries.filter(([key]) => Object.hasOwn(policyKeysOf(release), key));
    const idle = entries.map(([key]) => key).filter((key) => !hasEffect(key));
    if (idle.length > 0) this.leaveOut(item, `${idle.join(", ")}: without effect here`);
    if (known.length === 0 && entries.length > 0) return;
    const proposal = { ...proposalOf(item.values), definition: Object.fromEntries(known) };
    try {
      vhost.policies.put(item.name("name"), checkPolicy(proposal, release));
    } catch (error) {
      if (!(error instanceof InvalidPolicy)) throw error;
      item.fail("definition", error.message);
    }
  }
}
