import { Buffer } from "node:buffer";
import { attacker, bodyBytes, CHANNEL, flood, headerBytes, methodBytes, overOf } from "../load.ts";
import { memoryAttack } from "../memory.ts";

const MIB = 2 ** 20;
/** What the header announces, and what comes. */
const [ANNOUNCED_MIB, SENT_MIB] = [41, 40];

export const octetFrames = memoryAttack({
  name: "octet-frames",
  sentence: "40 MiB of a body of 41 MiB, in frames of one octet",
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "octets" });
    const socket = peer.detach();
    socket.write(methodBytes("basic.publish", { routingKey: "octets" }));
    socket.write(headerBytes(ANNOUNCED_MIB * MIB));
    const frame = bodyBytes(Buffer.from("x"));
    const piece = Buffer.alloc(frame.length * MIB / 16, frame);
    await flood(socket, piece, 16 * SENT_MIB, stop);
    await overOf(stop);
  },
});
