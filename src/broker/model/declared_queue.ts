import type { Release } from "../release.ts";
import type { FieldTable } from "../wire/field_table.ts";
import type { Message } from "./message.ts";
import type { NamedPolicy } from "./policy.ts";
import { mergePolicy } from "./policy_merge.ts";
import { checkQueueArguments } from "./queue_arguments.ts";
import type { QueueProperties } from "./queue_context.ts";
import { type QueuePolicy, readQueuePolicy } from "./queue_policy.ts";

/** A queue as it was declared, and where; of this only the policy changes. */
export class DeclaredQueue implements QueueProperties {
  readonly name: string;
  readonly vhost: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
  /** What its arguments and the policy that applies to it mean. */
  policy: QueuePolicy;
  /** The policy that applies to it. */
  applied: NamedPolicy | undefined;
  /** The connection that owns an exclusive queue. */
  readonly owner: object | undefined;
  /** Key in the store; 0 for a queue that is not kept. */
  storeId = 0;
  readonly #release: Release;

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
    this.#release = release;
    checkQueueArguments(this, declaration.arguments, release);
    this.policy = readQueuePolicy(declaration.arguments, release);
  }

  /** Another policy applies, or none. */
  protected apply(policy: NamedPolicy | undefined): void {
    const { quorum } = this.policy;
    const table = policy === undefined
      ? this.arguments
      : mergePolicy(this.arguments, policy, { quorum });
    this.applied = policy;
    this.policy = readQueuePolicy(table, this.#release);
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
