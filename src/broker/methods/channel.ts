import type { Channel } from "../channel/channel.ts";
import type { Arguments } from "../wire/method_codec.ts";
import { ConnectionError } from "../wire/protocol_error.ts";

/** channel.flow. @throws {ConnectionError} 540 for active=false, as RabbitMQ. */
export function flow(channel: Channel, args: Arguments<"channel.flow">): void {
  if (!args.active) throw new ConnectionError("NOT_IMPLEMENTED", "active=false");
  channel.send("channel.flow-ok", { active: true });
}
