import type { Socket } from "node:net";
import { Channel } from "../channel/channel.ts";
import type { ChannelHost } from "../channel/channel_host.ts";
import { ChannelInput } from "../methods/channel_input.ts";

/** The way to a client, as far as what is written needs it. */
export type SocketOutput = Pick<Socket, "write" | "writableLength" | "destroyed"> & {
  on(event: "drain", listener: () => void): unknown;
};

/** What a connection is made of, where it may be made of something else. */
export interface ConnectionParts {
  /** Where frames to the client are written. */
  output(socket: Socket): SocketOutput;
  /** A channel that the client has opened, ready for its frames. */
  openChannel(number: number, host: ChannelHost): ChannelInput;
}

/** What every connection is made of, unless somebody asks for faults. */
export const PLAIN_PARTS: ConnectionParts = {
  output: (socket) => socket,
  openChannel: (number, host) => new ChannelInput(new Channel(number, host)),
};
