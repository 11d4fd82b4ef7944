import type { Channel } from "../channel/channel.ts";
import { ConfirmLedger } from "../channel/confirm_ledger.ts";
import * as basic from "../methods/basic.ts";
import { finishPublish, requirePublishable } from "../methods/publish.ts";
import { settle } from "../methods/settle.ts";
import { encodeAddress, Message } from "../model/message.ts";
import {
  encodeProperties,
  type RoutingProperties,
  scanProperties,
} from "../wire/content_header.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import { acting } from "./acting_client.ts";
import { ApiError, badRequest } from "./api_error.ts";
import { exchangeName } from "./exchange_changes.ts";
import type { HttpAnswer } from "./http_answer.ts";
import { messageView, payloadOf, propertiesOf } from "./json_message.ts";
import { type Change, requiredVHost } from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** Bodies that one answer tells, together, in octets; more messages are got by asking again. */
const ANSWER_BYTES = 16 * 1024 * 1024;
const ACK_MODES = [
  "ack_requeue_true",
  "ack_requeue_false",
  "reject_requeue_true",
  "reject_requeue_false",
];

/** Publishes a message. @returns whether it was routed, once what must be on disk is there */
export async function publish(change: Change): Promise<HttpAnswer> {
  const vhost = requiredVHost(change);
  const { body } = change;
  body.require("properties", "routing_key", "payload", "payload_encoding");
  const name = exchangeName(change.names[1]!);
  const routingKey = body.shortName("routing_key")!;
  const payload = payloadOf(body);
  const header = encodeProperties(propertiesOf(body));
  const properties = {} as RoutingProperties;
  scanProperties(header, 0, header.length, properties);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const routed = told(() =>
    acting(change, vhost, (channel) => {
      const exchange = requirePublishable(channel, name);
      const confirms = channel.confirms = new ConfirmLedger(() =>
        queueMicrotask(() => confirms.flush((_, { ok }) => resolve(ok)))
      );
      const message = Message.assemble(
        name,
        routingKey,
        encodeAddress(name, routingKey),
        { bytes: header, start: 0, end: header.length },
        { bytes: payload, start: 0, end: payload.length },
        properties,
      );
      finishPublish(channel, { exchange, mandatory: true, message, properties });
      return channel.counts.returnUnroutable === 0;
    })
  );
  if (routed && !await promise) throw new ApiError(503, "not_confirmed", "no queue took it");
  return { status: 200, body: { routed } };
}

/** RabbitMQ's plug-in publishes over a connection of its own, whose errors it tells whole. */
function told<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ChannelError || error instanceof ConnectionError)) throw error;
    throw badRequest(`${error.replyCode} ${error.replyText}`);
  }
}

/** Who may not read is told so in the words of AMQP, which RabbitMQ does here alone. */
function requireReadable({ host }: Channel, queue: string): void {
  try {
    host.require("read", "queue", queue);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    throw new ApiError(401, "not_authorised", textOf(error.message));
  }
}

/** Takes messages from a queue, and settles them as `ackmode` says. */
export function get(change: Change): HttpAnswer {
  const vhost = requiredVHost(change);
  const { body } = change;
  body.require("ackmode", "count", "encoding");
  const ackMode = body.text("ackmode")!;
  const count = body.integer("count")!;
  const encoding = body.text("encoding");
  const truncate = body.integer("truncate") ?? Infinity;
  if (!ACK_MODES.includes(ackMode)) {
    throw badRequest(
      `Invalid ackmode value: ${ackMode}. Valid values are: ${ACK_MODES.join(", ")}`,
    );
  }
  if (encoding !== "auto" && encoding !== "base64") {
    throw badRequest("Unsupported encoding. Please use auto or base64.");
  }
  const got = acting(change, vhost, (channel) => {
    requireReadable(channel, change.names[1]!);
    const views = [];
    const noAck = ackMode === "ack_requeue_false";
    for (let left = ANSWER_BYTES; views.length < count && left > 0;) {
      const taken = basic.takeOne(channel, { queue: change.names[1]!, noAck });
      if (taken === undefined) break;
      const { redelivered, message, queue } = taken;
      const view = messageView(message, { encoding, truncate });
      views.push({ ...view, redelivered, message_count: queue.readyCount });
      left -= view.payload.length;
    }
    const entries = channel.unacked.takeAll();
    settle(channel, entries, ackMode === "reject_requeue_false" ? "reject" : "reject and requeue");
    return views;
  });
  return { status: 200, body: got };
}
