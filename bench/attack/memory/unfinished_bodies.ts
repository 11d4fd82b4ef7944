import { Buffer } from "node:buffer";
import { attacker, bodyBytes, flood, headerBytes, methodBytes, overOf } from "../load.ts";
import { memoryAttack } from "../memory.ts";

const CHANNELS = 15;
const MIB = 2 ** 20;
/** What the header announces, and what comes. */
const [ANNOUNCED_MIB, SENT_MIB] = [121, 120];

export const unfinishedBodies = memoryAttack({
  name: "unfinished-bodies",
  sentence: "bodies of 121 MiB on 15 channels, all but the last MiB of each",
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    for (let channel = 2; channel <= CHANNELS; channel++) await peer.openChannel(channel);
    const socket = peer.detach();
    const body = Buffer.alloc(MIB, "x");
    for (let channel = 1; channel <= CHANNELS; channel++) {
      socket.write(methodBytes("basic.publish", { routingKey: "unfinished" }, channel));
      socket.write(headerBytes(ANNOUNCED_MIB * MIB, {}, channel));
      await flood(socket, bodyBytes(body, { channel }), SENT_MIB, stop);
    }
    await overOf(stop);
  },
});
