import type { Channel } from "../channel/channel.ts";
import type { Arguments } from "../wire/method_codec.ts";
import { binding, defaultExchange, requireBindable, withoutLineBreaks } from "./queue.ts";

/** exchange.declare. @throws 403, 404 (passive), 406 or 503, see `VHost.declareExchange`. */
export function declare(channel: Channel, args: Arguments<"exchange.declare">): void {
  const { host, vhost } = channel;
  const name = withoutLineBreaks(args.exchange);
  if (name === "") throw defaultExchange();
  if (args.passive) {
    if (host.broker.release.passiveNeedsPermission) host.requireAny("exchange", name);
    vhost.exchange(name);
  } else {
    host.require("configure", "exchange", name);
    const alternate = args.arguments.get("alternate-exchange");
    if (alternate?.type === "S") {
      host.require("read", "exchange", name);
      host.require("write", "exchange", alternate.value);
    }
    vhost.declareExchange({ ...args, name });
  }
  if (!args.noWait) channel.send("exchange.declare-ok", {});
}

/** exchange.delete; a missing one is no error. @throws {ChannelError} 403 or 406. */
export function remove(channel: Channel, args: Arguments<"exchange.delete">): void {
  if (args.exchange === "") throw defaultExchange();
  if (!args.exchange.startsWith("amq.")) { // those are the broker's, whoever asks
    channel.host.require("configure", "exchange", args.exchange);
  }
  channel.vhost.deleteExchange(args.exchange, args.ifUnused);
  if (!args.noWait) channel.send("exchange.delete-ok", {});
}

/**
 * exchange.bind.
 * @throws {ChannelError} 403 default exchange or no permission, 404 missing, 406 see `VHost.bind`.
 */
export function bind(channel: Channel, args: Arguments<"exchange.bind">): void {
  const { vhost } = channel;
  requireBindable(channel, "exchange", args.destination, args.source);
  vhost.exchange(args.source); // looked for first
  const destination = vhost.exchange(args.destination);
  vhost.bind(binding(channel, args.source, destination, args.routingKey, args.arguments));
  if (!args.noWait) channel.send("exchange.bind-ok", {});
}

/**
 * exchange.unbind; what is not there is no error.
 * @throws {ChannelError} 403 default exchange or no permission.
 */
export function unbind(channel: Channel, args: Arguments<"exchange.unbind">): void {
  const { vhost } = channel;
  requireBindable(channel, "exchange", args.destination, args.source);
  if (vhost.hasExchangeNamed(args.destination) && vhost.hasExchangeNamed(args.source)) {
    const destination = vhost.exchange(args.destination);
    const found = binding(channel, args.source, destination, args.routingKey, args.arguments);
    vhost.unbind(found, channel.host);
  }
  if (!args.noWait) channel.send("exchange.unbind-ok", {});
}
