import { attacker, CHANNEL, flood, overOf, publishBytes } from "../load.ts";
import { memoryAttack } from "../memory.ts";

const REPLY_BYTES = 2 ** 20;
const REPLIES = 1_900;

export const unreadReplies = memoryAttack({
  name: "unread-replies",
  sentence: "1,900 replies of 1 MiB to a direct reply-to consumer that never reads",
  async attack({ url }, stop) {
    await using asking = await attacker(url, stop);
    await asking.call(CHANNEL, "queue.declare", { queue: "asked" });
    const replyTo = "amq.rabbitmq.reply-to";
    await asking.call(CHANNEL, "basic.consume", { queue: replyTo, noAck: true });
    asking.publish(CHANNEL, { routingKey: "asked" }, "?", { properties: { replyTo } });
    await using answering = await attacker(url, stop);
    await answering.call(CHANNEL, "basic.consume", { queue: "asked", noAck: true });
    const { properties } = await answering.expectContent("basic.deliver", CHANNEL);
    asking.detach();
    const reply = publishBytes({ routingKey: properties.replyTo }, REPLY_BYTES);
    await flood(answering.detach(), reply, REPLIES, stop);
    await overOf(stop);
  },
});
