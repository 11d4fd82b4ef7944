import type { Channel } from "../channel/channel.ts";
import type { ConfirmLedger } from "../channel/confirm_ledger.ts";
import { ContentAssembly, type Publish } from "../channel/content_assembly.ts";
import type { Exchange } from "../model/exchange.ts";
import type { Message } from "../model/message.ts";
import type { Spread } from "../model/publish_way.ts";
import { LONGEST_DURATION_MS } from "../model/queue_arguments.ts";
import { carbonCopies, type Routed } from "../model/router.ts";
import { FIELD_TYPE_NAMES, type FieldTable } from "../wire/field_table.ts";
import type { Arguments } from "../wire/method_codec.ts";
import {
  ChannelError,
  ConnectionError,
  REPLY_CODES,
  UnanswerableError,
} from "../wire/protocol_error.ts";
import { Commits } from "./commits.ts";
import { withReplyKey } from "./direct_reply.ts";

/**
 * Checks basic.publish and awaits its content.
 * @throws {ConnectionError} 540 for immediate.
 * @throws {ChannelError} 403 without write permission or on an internal exchange, 404 missing.
 */
export function beginPublish(channel: Channel, args: Arguments<"basic.publish">): ContentAssembly {
  if (args.immediate) throw new ConnectionError("NOT_IMPLEMENTED", "immediate=true");
  const exchange = requirePublishable(channel, args.exchange);
  const { release } = channel.host.broker;
  return new ContentAssembly(exchange, args.routingKey, args.mandatory, release);
}

/**
 * The exchange of a publish.
 * @throws {ChannelError} 403 without write permission or on an internal exchange, 404 missing.
 */
export function requirePublishable(channel: Channel, name: string): Exchange {
  channel.host.require("write", "exchange", name);
  const exchange = channel.vhost.exchange(name);
  if (exchange.internal) {
    // Rule (exchange.declare, "internal"): only other exchanges publish to it.
    throw new ChannelError("ACCESS_REFUSED", `cannot publish to internal ${exchange.title}`);
  }
  return exchange;
}

/**
 * Takes a complete publish: enqueues it, or holds it for tx.commit.
 * @throws {ChannelError} 406 for a bad user-id, expiration, delivery mode, CC or BCC.
 */
export function finishPublish(channel: Channel, publish: Publish): void {
  const { properties } = publish;
  const { user, broker } = channel.host;
  if (
    properties.userId !== undefined && properties.userId !== user.name && !user.impersonates
  ) {
    // https://www.rabbitmq.com/docs/validated-user-id.
    throw new ChannelError(
      "PRECONDITION_FAILED",
      `user_id property set to '${properties.userId}' but authenticated user was '${user.name}'`,
    );
  }
  if (properties.expiration !== undefined) checkExpiration(properties.expiration);
  if (
    properties.deliveryMode !== 1 && properties.deliveryMode !== 2 &&
    broker.release.checksDeliveryMode
  ) {
    // Rule (basic, "delivery-mode"): 1 is transient, 2 is persistent.
    throw new ChannelError(
      "PRECONDITION_FAILED",
      `invalid message: {delivery_mode_unknown,${properties.deliveryMode}}`,
    );
  }
  publish = withReplyKey(channel, publish);
  if (channel.transaction !== undefined) {
    copies(headersOf(publish)); // their errors come now, not at the commit
    const { transaction } = channel;
    const before = transaction.heldBytes;
    transaction.addPublish(publish);
    channel.hold(transaction.heldBytes - before);
  } else enqueue(channel, publish);
}

/** @throws {ConnectionError} 541 for headers that cannot be read; RabbitMQ says only this. */
function headersOf({ message }: Publish): FieldTable | undefined {
  try {
    return message.headers();
  } catch (error) {
    throw error instanceof UnanswerableError ? new ConnectionError("INTERNAL_ERROR", "") : error;
  }
}

function checkExpiration(expiration: string): void {
  const [, digits = "", rest = ""] = /^([+-]?[0-9]+)?(.*)$/s.exec(expiration) ?? [];
  const problem = digits === ""
    ? "no_integer"
    : rest !== ""
    ? `{leftover_string,"${rest}"}`
    : Number(digits) < 0
    ? `{value_negative,${Number(digits)}}`
    : Number(digits) > LONGEST_DURATION_MS
    ? `{value_too_large,${Number(digits)}}`
    : undefined;
  if (problem === undefined) return;
  throw new ChannelError(
    "PRECONDITION_FAILED",
    `invalid expiration '${expiration}': ${problem}`,
  );
}

/** Routes a publish, returns it when it must and cannot, and sees to its confirm. */
function enqueue(channel: Channel, publish: Publish): void {
  const { confirms } = channel;
  const routed = route(channel, publish);
  if (typeof routed === "object") channel.carryOut(goThrough(channel, confirms, routed));
  else if (confirms !== undefined) seeToConfirm(channel, confirms, routed);
}

/** Goes through very many queues, and sees to the confirm. */
function* goThrough(channel: Channel, confirms: ConfirmLedger | undefined, spread: Spread) {
  if (confirms === undefined) return yield* spread;
  const tag = confirms.next();
  confirms.wait(tag);
  let isTaken = false;
  const commits = new Commits(
    channel.host.broker.store,
    (ok) => confirms.committed(tag, ok && isTaken),
  );
  isTaken = yield* commits.follow(spread);
  commits.end();
}

/**
 * Routes a publish, and returns it when it must and cannot.
 * @returns as {@linkcode VHost.publish} does
 */
export function route(channel: Channel, publish: Publish): Routed | Spread {
  let { message } = publish;
  let keys: string[] | undefined;
  if (publish.properties.headersAt >= 0) {
    const headers = headersOf(publish);
    keys = copies(headers);
    // BCC leaves with the publish: consumers must not see it.
    if (headers?.delete("BCC")) {
      message = message.withProperties({ ...message.properties(), headers });
    }
  }
  channel.counts.publish++;
  const routed = channel.route(publish.exchange, message, keys);
  if (routed === "unroutable") channel.counts.unroutable(publish);
  if (routed === "unroutable" && publish.mandatory) returnMessage(channel, message);
  return routed;
}

function seeToConfirm(channel: Channel, confirms: ConfirmLedger, routed: Routed): void {
  const tag = confirms.next();
  switch (routed) {
    case "rejected":
      return confirms.settle(tag, false);
    case "unroutable":
      channel.counts.confirm++;
      return channel.confirm(tag, { ok: true, multiple: false }); // nobody has a say in it: at once
    case "storing":
      confirms.wait(tag);
      return channel.host.broker.store!.whenCommitted(confirms, tag);
    case "taken":
      return confirms.settle(tag, true);
  }
}

/** Routing keys in the CC and BCC headers (https://www.rabbitmq.com/docs/sender-selected). */
function copies(headers: FieldTable | undefined): string[] | undefined {
  const cc = headers?.get("CC");
  const bcc = headers?.get("BCC");
  if (cc === undefined && bcc === undefined) return undefined;
  for (const [name, field] of [["CC", cc], ["BCC", bcc]] as const) {
    if (field === undefined || field.type === "A") continue;
    throw new ChannelError(
      "PRECONDITION_FAILED",
      `invalid message: {unacceptable_type_in_header,"${name}",${FIELD_TYPE_NAMES[field.type]}}`,
    );
  }
  return [...carbonCopies(cc), ...carbonCopies(bcc)];
}

/** basic.return: a mandatory message that no queue got. */
function returnMessage(channel: Channel, message: Message): void {
  channel.send("basic.return", {
    replyCode: REPLY_CODES.NO_ROUTE,
    replyText: "NO_ROUTE",
    exchange: message.exchange,
    routingKey: message.routingKey,
  });
  channel.host.writer.content(channel.number, message);
}
