import type { Release } from "../release.ts";
import type { FieldTable } from "../wire/field_table.ts";
import type { Message } from "./message.ts";
import { checkQueueArguments } from "./queue_arguments.ts";
import type { QueueProperties } from "./queue_context.ts";
import { type QueuePolicy, readQueuePolicy } from "./queue_policy.ts";

/** A queue as it was declared, and where: what of it never changes. */
export class DeclaredQueue implements QueueProperties {
  readonly name: string;
  readonly vhost: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
  readonly policy: QueuePolicy;
  /** The connection that owns an exclusive queue. */
  readonly owner: object | undefined;
  /** Key in the store; 0 for a queue that is not kept. */
  storeId = 0;

  /** @throws {ChannelError} 406 for arguments that the release does not take */
  constructor(
    vhost: string,
    declaration: QueueProperties,
    owner: object | undefined,
    release: Release,
  ) {
    this.name = declaration.name;
    this.vhost = vhost;
    this.durable = declaration.durable;
    this.exclusive = declaration.exclusive;
    this.autoDelete = declaration.autoDelete;
    this.arguments = declaration.arguments;
    this.owner = owner;
    checkQueueArguments(this, declaration.arguments, release);
    this.policy = readQueuePolicy(declaration.arguments, release);
  }

  /** How reply texts name it. */
  get title(): string {
    return `queue '${this.name}' in vhost '${this.vhost}'`;
  }

  /** Whether messages of this queue are kept on disk. */
  keeps(message: Message): boolean {
    return this.storeId !== 0 && (message.persistent || this.policy.quorum);
  }
}
