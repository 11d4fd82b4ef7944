import type { Broker } from "../broker.ts";
import { Channel } from "../channel/channel.ts";
import type { ChannelHost, HostedChannel } from "../channel/channel_host.ts";
import { FrameWriter } from "../channel/frame_writer.ts";
import type { Operation } from "../access/permission.ts";
import { requirePermission } from "../access/require_permission.ts";
import type { User } from "../access/user.ts";
import type { VHost } from "../model/vhost.ts";

/**
 * Acts for a user as a client with one channel, as RabbitMQ's plug-in does: so the API refuses what
 * AMQP refuses, and with the same words. What the broker answers goes nowhere.
 */
class ActingClient implements ChannelHost {
  readonly broker: Broker;
  readonly user: User;
  readonly vhost: VHost;
  readonly capabilities: ReadonlySet<string> = new Set();
  readonly writer = new FrameWriter();

  constructor(broker: Broker, user: User, vhost: VHost) {
    this.broker = broker;
    this.user = user;
    this.vhost = vhost;
  }

  wantFlush(): void {
    this.writer.drain();
  }

  canSend(): boolean {
    return true;
  }

  require(operation: Operation, kind: "queue" | "exchange", name: string): void {
    requirePermission(this, operation, kind, name);
  }

  requireAny(kind: "queue" | "exchange", name: string): void {
    requirePermission(this, "any", kind, name);
  }

  /** What comes next is another request: it does not wait. */
  carryOut(_channel: HostedChannel, steps: Iterator<unknown>): void {
    this.broker.operations.run(steps, {
      ended() {},
      failed: (error) => {
        this.broker.emit({ event: "internal-error", connection: 0, reason: `${error}` });
      },
    });
  }

  // One request makes nothing exclusive, and leaves nothing for later.
  owns(): void {}
  notePublish(): void {}
  closeOverdue(): void {}
  refuse(): void {}
  fail(): void {}
  drop(): void {}
  hangUp(): void {}
}

/**
 * Does something on a channel of the user's in the virtual host; closes it at the end.
 *
 * @throws {ChannelError | ConnectionError} what the method is refused with, rights included
 */
export function acting<Result>(
  { broker, asker }: { readonly broker: Broker; readonly asker: { readonly user: User } },
  vhost: VHost,
  act: (channel: Channel) => Result,
): Result {
  const channel = new Channel(1, new ActingClient(broker, asker.user, vhost));
  try {
    return act(channel);
  } finally {
    channel.close();
  }
}
