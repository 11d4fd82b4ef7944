import type { Channel } from "../channel/channel.ts";
import type { Method } from "../wire/method_codec.ts";
import { ConnectionError, unimplemented } from "../wire/protocol_error.ts";
import * as basic from "./basic.ts";
import * as channels from "./channel.ts";
import * as confirm from "./confirm.ts";
import * as exchange from "./exchange.ts";
import * as queue from "./queue.ts";
import * as tx from "./tx.ts";

/**
 * Carries out a method on an open channel; opening and closing are the connection's.
 * @throws {ChannelError | ConnectionError} as the method says.
 */
export function dispatch(channel: Channel, method: Method): void {
  switch (method.name) {
    case "channel.open":
      // Rule (channel.open): a channel is opened once.
      throw new ConnectionError("CHANNEL_ERROR", "second 'channel.open' seen");
    case "channel.flow":
      return channels.flow(channel, method.args);
    case "exchange.declare":
      return exchange.declare(channel, method.args);
    case "exchange.delete":
      return exchange.remove(channel, method.args);
    case "exchange.bind":
      return exchange.bind(channel, method.args);
    case "exchange.unbind":
      return exchange.unbind(channel, method.args);
    case "queue.declare":
      return queue.declare(channel, method.args);
    case "queue.bind":
      return queue.bind(channel, method.args);
    case "queue.unbind":
      return queue.unbind(channel, method.args);
    case "queue.purge":
      return queue.purge(channel, method.args);
    case "queue.delete":
      return queue.remove(channel, method.args);
    case "basic.qos":
      return basic.qos(channel, method.args);
    case "basic.consume":
      return basic.consume(channel, method.args);
    case "basic.cancel":
      return basic.cancel(channel, method.args);
    case "basic.cancel-ok":
      return basic.cancelOk(channel, method.args);
    case "basic.get":
      return basic.get(channel, method.args);
    case "basic.ack":
      return basic.acknowledge(channel, method.args.deliveryTag, method.args);
    case "basic.nack":
      return basic.nack(channel, method.args);
    case "basic.reject":
      return basic.reject(channel, method.args);
    case "basic.recover":
      return basic.recover(channel, method.args);
    case "basic.recover-async":
      return basic.recoverAsync(channel, method.args);
    case "confirm.select":
      return confirm.select(channel, method.args);
    case "tx.select":
      return tx.select(channel);
    case "tx.commit":
      return tx.commit(channel);
    case "tx.rollback":
      return tx.rollback(channel);
    case "access.request":
      // RabbitMQ still answers this method of AMQP 0-9 and grants whatever is asked.
      return channel.send("access.request-ok", { ticket: 1 });
    default:
      throw unimplemented();
  }
}
