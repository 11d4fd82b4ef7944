import type { Release } from "../release.ts";
import type { Figures, Sampled } from "../sampler.ts";
import { FIELD_TYPE_NAMES, type FieldTable } from "../wire/field_table.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import type { Queue } from "./queue.ts";
import { requireSameArguments, requireSameProperty } from "./equivalence.ts";
import { tableKey, textKey } from "./field_key.ts";
import { DirectRouter } from "./exchange_types/direct_router.ts";
import { FanoutRouter } from "./exchange_types/fanout_router.ts";
import { checkHeadersBinding, HeadersRouter } from "./exchange_types/headers_router.ts";
import { checkTopicPattern, TopicRouter } from "./exchange_types/topic_router.ts";

const ROUTERS = {
  direct: () => new DirectRouter<Binding>(),
  fanout: () => new FanoutRouter<Binding>(),
  topic: () => new TopicRouter<Binding>(),
  headers: (release: Release) => new HeadersRouter<Binding>(release),
};

/** Some that people try as a type: RabbitMQ calls a word that it knows in another sense invalid. */
const ERLANG_ATOMS = new Set(
  ",amqp,classic,default,error,exchange,foo,invalid,local,name,node,none,queue,quorum,rabbit,stream,test,true,type,undefined,unknown,value"
    .split(","),
);

type ExchangeType = keyof typeof ROUTERS;

/** Where a binding leads. */
export type Destination = Queue | Exchange;

/** A binding from an exchange to a queue or to another exchange. */
export interface Binding {
  readonly source: Exchange;
  readonly destination: Destination;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/** Those that every virtual host has (section 3.1.3, and RabbitMQ's own). */
export const PREDECLARED_EXCHANGES: [name: string, type: string, internal?: boolean][] = [
  ["", "direct"],
  ["amq.direct", "direct"],
  ["amq.fanout", "fanout"],
  ["amq.headers", "headers"],
  ["amq.match", "headers"],
  ["amq.topic", "topic"],
  ["amq.rabbitmq.trace", "topic", true],
];

/** What exchange.declare says of an exchange. */
export interface ExchangeDeclaration {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

/** An exchange with its bindings: outgoing ones route, incoming ones are known to their source. */
export class Exchange implements ExchangeDeclaration, Sampled {
  readonly name: string;
  readonly vhost: string;
  readonly type: ExchangeType;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
  /** The exchange that gets what no binding takes. */
  readonly alternate: string | undefined;
  /** Messages that were published to it; */
  publishedIn = 0;
  /** and how often they were routed to a queue. */
  publishedOut = 0;
  readonly #release: Release;
  readonly #router: ReturnType<typeof ROUTERS[ExchangeType]>;
  /** By what makes two of them the same. */
  readonly #bindings = new Map<string, Binding>();

  /**
   * @throws {ConnectionError | ChannelError} 503 or 406 for an unknown type.
   * @throws {ChannelError} 406 for an alternate-exchange that is no string.
   */
  constructor(vhost: string, declaration: ExchangeDeclaration, release: Release) {
    const { name, type } = declaration;
    if (!isKnownExchangeType(type)) {
      // Rule (exchange.declare, "type"): an unsupported type is a command invalid.
      const problem = `${ERLANG_ATOMS.has(type) ? "invalid" : "unknown"} exchange type '${type}'`;
      throw release.unknownExchangeType === "channel error"
        ? new ChannelError("PRECONDITION_FAILED", problem)
        : new ConnectionError("COMMAND_INVALID", problem);
    }
    this.#release = release;
    this.name = name;
    this.vhost = vhost;
    this.type = type;
    this.durable = declaration.durable;
    this.autoDelete = declaration.autoDelete;
    this.internal = declaration.internal;
    this.arguments = declaration.arguments;
    const alternate = declaration.arguments.get("alternate-exchange");
    if (alternate !== undefined && alternate.type !== "S") {
      const found = FIELD_TYPE_NAMES[alternate.type];
      throw new ChannelError(
        "PRECONDITION_FAILED",
        `invalid type '${found}' for arg 'alternate-exchange' in ${this.title}`,
      );
    }
    this.alternate = alternate?.value;
    this.#router = ROUTERS[type](release);
  }

  figures(): Figures {
    return { publishIn: this.publishedIn, publishOut: this.publishedOut };
  }

  /** How reply texts name it. */
  get title(): string {
    return `exchange '${this.name}' in vhost '${this.vhost}'`;
  }

  /** It is declared again. @throws {ChannelError} 406 inequivalent. */
  requireEquivalent(declaration: ExchangeDeclaration): void {
    const { title } = this;
    requireSameProperty(title, "type", declaration.type, this.type);
    requireSameProperty(title, "durable", declaration.durable, this.durable);
    requireSameProperty(title, "auto_delete", declaration.autoDelete, this.autoDelete);
    requireSameProperty(title, "internal", declaration.internal, this.internal);
    requireSameArguments(title, ["alternate-exchange"], declaration.arguments, this.arguments);
  }

  /** Its outgoing bindings. */
  get bindings(): Iterable<Binding> {
    return this.#bindings.values();
  }

  get bindingCount(): number {
    return this.#bindings.size;
  }

  /** @throws {ChannelError} 406 for what a headers or topic exchange cannot match by. */
  requireMatchable(binding: Binding): void {
    if (this.type === "headers") checkHeadersBinding(binding.arguments);
    if (this.type === "topic") checkTopicPattern(binding.routingKey, this.#release.topicHashes);
  }

  /** The binding equal to the given one. */
  find(binding: Binding): Binding | undefined {
    return this.#bindings.get(keyOf(binding));
  }

  /** Adds a binding that `find` does not give. */
  bind(binding: Binding): void {
    this.#bindings.set(keyOf(binding), binding);
    this.#router.bind(binding);
  }

  /** Removes a binding that `find` or `bindings` gave. */
  unbind(binding: Binding): void {
    if (this.#bindings.delete(keyOf(binding))) this.#router.unbind(binding);
  }

  /** The bindings that take a message. */
  route(routingKey: string, headers: () => FieldTable | undefined): Iterable<Binding> {
    return this.#router.route(routingKey, headers);
  }
}

/** Whether there are exchanges of that type. */
export function isKnownExchangeType(type: string): type is ExchangeType {
  return Object.hasOwn(ROUTERS, type);
}

/** Two bindings of a source are the same when destination, routing key and arguments are. */
function keyOf({ destination, routingKey, arguments: table }: Binding): string {
  const kind = destination instanceof Exchange ? "e" : "q";
  return kind + textKey(destination.name) + textKey(routingKey) + tableKey(table);
}
