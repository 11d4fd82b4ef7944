import type { Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import {
  type ChannelClosed,
  channelReplyCode,
  ConfigureRefused,
  MoveRefused,
  type Refusal,
} from "./errors.ts";
import { ACCESS_REFUSED } from "./reply_code.ts";
import { withChannel } from "./with_channel.ts";

/**
 * The default exchange as permissions name it. No exchange is really called so: the name itself is
 * the empty one, for which brokers refuse to bind or unbind.
 */
const DEFAULT_EXCHANGE = "amq.default";

/**
 * Asks whether the user may declare a queue, and declares none: brokers check the right to
 * configure by name, before they look what there is, and to delete an exchange that is missing is
 * no error.
 *
 * @param queue no exchange has such a name
 * @throws {ConfigureRefused}
 */
export function checkMayConfigure(connection: Connection, queue: string): Promise<void> {
  return ask(
    connection,
    (channel) =>
      channel.request("exchange.delete-ok", (raw) => raw.deleteExchange(queue, { ifUnused: true })),
    (refusal) => new ConfigureRefused(queue, refusal),
  );
}

/**
 * Asks whether the user may publish to the default exchange and read a queue, which a dead-letter
 * queue or one that dead-letters through that exchange needs; does neither. Unbinding needs the
 * right to write to the one exchange and to read the other, and is no error where nothing is bound.
 *
 * @param queue no exchange has such a name
 * @throws {MoveRefused}
 */
export function checkMayMove(connection: Connection, queue: string): Promise<void> {
  return ask(
    connection,
    (channel) =>
      channel.request(
        "exchange.unbind-ok",
        (raw) => raw.unbindExchange(DEFAULT_EXCHANGE, queue, ""),
      ),
    (refusal) => new MoveRefused(refusal),
  );
}

async function ask(
  connection: Connection,
  question: (channel: Channel) => Promise<unknown>,
  refused: (refusal: Refusal) => Error,
): Promise<void> {
  try {
    await withChannel(connection, question);
  } catch (error) {
    if (channelReplyCode(error) !== ACCESS_REFUSED) throw error;
    throw refused({ reply: (error as ChannelClosed).reply!, cause: error });
  }
}
