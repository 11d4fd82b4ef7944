import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import {
  attacker,
  CHANNEL,
  inPieces,
  lengthOf,
  methodBytes,
  publishBytes,
  workedOff,
} from "../load.ts";
import { starvation } from "../starvation.ts";

const MESSAGES = 100_000;
const LOOK_MS = 100;

export const multipleAck = starvation({
  name: "multiple-ack",
  sentence: "a consumer without prefetch acknowledges 100,000 messages by one basic.ack",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "heap", durable: true });
    const message = publishBytes({ routingKey: "heap" }, 64, { deliveryMode: 2 });
    await workedOff(peer, inPieces(message, MESSAGES), "heap");
  },
  async attack({ url }, stop) {
    await using watcher = await attacker(url, stop);
    await using consumer = await attacker(url, stop);
    const socket = consumer.detach();
    const closed = closeOk(socket);
    socket.write(methodBytes("basic.consume", { queue: "heap" }));
    while (!stop.aborted && await lengthOf(watcher, "heap") > 0) await setTimeout(LOOK_MS);
    socket.write(methodBytes("basic.ack", { deliveryTag: 0n, multiple: true }));
    // Its answer comes once the acknowledgement is carried out.
    socket.write(methodBytes("connection.close", { replyCode: 200 }, 0));
    await closed;
  },
});

/** Reads all, and resolves when connection.close is answered. */
function closeOk(socket: Socket): Promise<void> {
  const answer = methodBytes("connection.close-ok", {}, 0);
  let end = Buffer.alloc(0);
  return new Promise((resolve) => {
    socket.on("close", () => resolve());
    socket.on("data", (chunk: Buffer) => {
      end = Buffer.concat([end, chunk.subarray(-answer.length)]).subarray(-answer.length);
      if (end.equals(answer)) resolve();
    }).resume();
  });
}
