import { Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";

/**
 * Runs some requests on a channel of their own: a refusal (404, 406) ends that channel, and no
 * other.
 */
export async function withChannel<T>(
  connection: Connection,
  use: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await Channel.open(connection, { confirm: false });
  try {
    return await use(channel);
  } finally {
    channel.close().catch(() => {}); // nothing depends on when that is answered
  }
}
