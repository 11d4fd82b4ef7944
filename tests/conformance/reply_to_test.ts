/** Direct reply-to (the pseudo-queue amq.rabbitmq.reply-to). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { behaviour } from "./brokers.ts";
import { channelRefused, consume, send } from "./client.ts";

const REPLY_TO = "amq.rabbitmq.reply-to";

behaviour("a reply reaches the channel that asked", async (broker) => {
  await using client = await broker.connect();
  const requester = await client.channel();
  await using server = await broker.connect();
  const responder = await server.channel();
  const { queue } = await responder.assertQueue("", { exclusive: true });
  const requests = await consume(responder, queue, { noAck: true });

  const replies = await consume(requester, REPLY_TO, { noAck: true });
  const properties = { replyTo: REPLY_TO, correlationId: "1" };
  requester.sendToQueue(queue, Buffer.from("question"), properties);

  const request = await requests.next();
  assert.match(request.properties.replyTo, /^amq\.rabbitmq\.reply-to\.[^.]+\.[^.]+==$/);
  const { correlationId } = request.properties;
  responder.sendToQueue(request.properties.replyTo, Buffer.from("answer"), { correlationId });

  const reply = await replies.next();
  assert.equal(reply.content.toString(), "answer");
  assert.equal(reply.properties.correlationId, "1");
  assert.equal(reply.fields.consumerTag, replies.consumerTag);
});

behaviour("a reply consumer with acks is refused with 406", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 406, () => channel.consume(REPLY_TO, () => {}));
});

behaviour("a second reply consumer on a channel is refused with 406", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await consume(channel, REPLY_TO, { noAck: true });
  await channelRefused(channel, 406, () => channel.consume(REPLY_TO, () => {}, { noAck: true }));
});

behaviour("a request for a reply without a reply consumer is refused with 406", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const options = { replyTo: REPLY_TO };
  await channelRefused(channel, 406, () => channel.publish("", "x", Buffer.from("x"), options));
});

behaviour("a passive declare tells whether the requester is still there", async (broker) => {
  await using server = await broker.connect();
  const responder = await server.channel();
  const { queue } = await responder.assertQueue("", { exclusive: true });
  const requests = await consume(responder, queue, { noAck: true });

  let replyTo = "";
  {
    await using client = await broker.connect();
    const requester = await client.channel();
    await consume(requester, REPLY_TO, { noAck: true });
    requester.sendToQueue(queue, Buffer.from("question"), { replyTo: REPLY_TO });
    replyTo = (await requests.next()).properties.replyTo;
    await responder.checkQueue(replyTo);
  }
  await channelRefused(responder, 404, () => responder.checkQueue(replyTo));
});

behaviour("a reply to a requester that is gone is dropped", async (broker) => {
  await using server = await broker.connect();
  const responder = await server.channel();
  const { queue } = await responder.assertQueue("", { exclusive: true });
  const requests = await consume(responder, queue, { noAck: true });
  let replyTo = "";
  {
    await using client = await broker.connect();
    const requester = await client.channel();
    await consume(requester, REPLY_TO, { noAck: true });
    requester.sendToQueue(queue, Buffer.from("question"), { replyTo: REPLY_TO });
    replyTo = (await requests.next()).properties.replyTo;
  }
  send(responder, replyTo, "too late");
  await responder.waitForConfirms();
});

behaviour("a cancelled reply consumer may be started again", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { consumerTag } = await consume(channel, REPLY_TO, { noAck: true });
  await channel.cancel(consumerTag);
  await consume(channel, REPLY_TO, { noAck: true });
});

behaviour(
  "a mandatory reply comes back and uses up no delivery tag, until 4.3 makes it a queue's",
  async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
    await peer.call(1, "basic.consume", { queue: REPLY_TO, noAck: true });
    await peer.call(1, "basic.consume", { queue, noAck: true });
    peer.publish(1, { routingKey: queue }, "question", { properties: { replyTo: REPLY_TO } });
    const question = await peer.expectContent("basic.deliver", 1);
    assert.equal(question.method.deliveryTag, 1);
    await using server = await broker.peer();
    await server.openChannel(1);
    server.publish(1, { routingKey: question.properties.replyTo, mandatory: true }, "answer");
    const isQueue = broker.release === "4.3";
    if (!isQueue) {
      assert.equal((await server.expectContent("basic.return", 1)).method.replyCode, 312);
    }
    const answer = await peer.expectContent("basic.deliver", 1);
    assert.deepEqual([`${answer.body}`, answer.method.deliveryTag], ["answer", 2]);
    peer.publish(1, { routingKey: queue }, "next");
    const { method } = await peer.expectContent("basic.deliver", 1);
    assert.equal(method.deliveryTag, isQueue ? 3 : 2);
    await server.close();
    await peer.close();
  },
);

behaviour("the pseudo-queue may be declared, and is the last declared then", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { consumerCount } = await peer.call(1, "queue.declare", { queue: REPLY_TO });
  assert.equal(consumerCount, 1);
  await peer.call(1, "basic.consume", { consumerTag: "t", noAck: true });
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  await peer.call(1, "basic.consume", { queue, consumerTag: "t" });
  await peer.close();
});
