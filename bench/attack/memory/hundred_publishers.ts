import { attacker, CHANNEL, each, flood, overOf, publishBytes } from "../load.ts";
import { memoryAttack } from "../memory.ts";

const PUBLISHERS = 100;
const MESSAGES_EACH = 16;
const BODY_BYTES = 2 ** 20;

export const hundredPublishers = memoryAttack({
  name: "hundred-publishers",
  sentence: "100 publishers, 16 messages of 1 MiB each, at once",
  async attack({ url }, stop) {
    await using control = await attacker(url, stop);
    await control.call(CHANNEL, "queue.declare", { queue: "full", durable: true });
    const sockets = await Promise.all(each(PUBLISHERS, async () => {
      return (await attacker(url, stop)).detach();
    }));
    const message = publishBytes({ routingKey: "full" }, BODY_BYTES, { deliveryMode: 2 });
    await Promise.all(sockets.map((socket) => flood(socket, message, MESSAGES_EACH, stop)));
    await overOf(stop);
  },
});
