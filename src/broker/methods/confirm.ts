import type { Channel } from "../channel/channel.ts";
import type { Arguments } from "../wire/method_codec.ts";
import { ChannelError } from "../wire/protocol_error.ts";

/** confirm.select. @throws {ChannelError} 406 on a transactional channel. */
export function select(channel: Channel, args: Arguments<"confirm.select">): void {
  if (channel.transaction !== undefined) {
    throw new ChannelError("PRECONDITION_FAILED", "cannot switch from tx to confirm mode");
  }
  channel.enterConfirmMode();
  if (!args.noWait) channel.send("confirm.select-ok", {});
}
