import { Buffer } from "node:buffer";
import type { Broker } from "../broker.ts";
import { isLoopback } from "../connection/authentication.ts";
import type { VHost } from "../model/vhost.ts";
import type { User } from "../access/user.ts";

/** Who asks, and what is shown: by RabbitMQ's tags (https://www.rabbitmq.com/docs/management). */
export class Asker {
  readonly user: User;
  readonly #broker: Broker;

  constructor(user: User, broker: Broker) {
    this.user = user;
    this.#broker = broker;
  }

  get isAdministrator(): boolean {
    return this.user.tags.includes("administrator");
  }

  /** Whether it has a tag, or one that means more. */
  has(tag: "administrator" | "monitoring" | "policymaker" | undefined): boolean {
    if (tag === undefined || this.isAdministrator) return true;
    return tag !== "administrator" && this.user.tags.includes(tag);
  }

  get isMonitoring(): boolean {
    return this.has("monitoring");
  }

  /** The virtual hosts whose contents it may see, by name. */
  vhosts(): VHost[] {
    return [...this.#broker.vhosts].filter(({ name }) => this.maySee(name))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  maySee(vhost: string): boolean {
    return this.isMonitoring || this.user.mayOpen(vhost);
  }
}

/** Tags that let a user ask at all. */
const TAGS = ["administrator", "monitoring", "policymaker", "management"];

/** Who asks, out of an `authorization` header; else why not. */
export function askerOf(
  authorization: string | undefined,
  remoteAddress: string | undefined,
  broker: Broker,
): Asker | string {
  const [, encoded] = /^basic +([a-z0-9+/=]+)$/i.exec(authorization ?? "") ?? [];
  const login = Buffer.from(encoded ?? "", "base64").toString("latin1");
  const colon = login.indexOf(":");
  const user = colon < 0 ? undefined : broker.user(login.slice(0, colon));
  if (user === undefined || !user.hasPassword(login.slice(colon + 1))) return "Login failed";
  if (user.name === "guest" && !isLoopback(remoteAddress)) {
    return "User can only log in via localhost";
  }
  if (!user.tags.some((tag) => TAGS.includes(tag))) return "Not management user";
  return new Asker(user, broker);
}
