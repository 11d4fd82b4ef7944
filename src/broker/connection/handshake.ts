import deno from "../../../deno.json" with { type: "json" };
import type { Broker } from "../broker.ts";
import type { VHost } from "../model/vhost.ts";
import type { Release } from "../release.ts";
import type { User } from "../access/user.ts";
import type { Field, FieldTable } from "../wire/field_table.ts";
import { textField } from "../wire/field_table.ts";
import type { Arguments, Method, MethodName } from "../wire/method_codec.ts";
import { ConnectionError, UnanswerableError } from "../wire/protocol_error.ts";
import { isLoopback, MECHANISMS, readCredentials } from "./authentication.ts";
import { textOf } from "../wire/octets.ts";

/** The limits RabbitMQ proposes in connection.tune. */
const CHANNEL_MAX = 2047;
const FRAME_MAX_BYTES = 131_072;
const HEARTBEAT_SECONDS = 60;

const CAPABILITIES = [
  "publisher_confirms",
  "exchange_exchange_bindings",
  "basic.nack",
  "consumer_cancel_notify",
  "connection.blocked",
  "consumer_priorities",
  "authentication_failure_close",
  "per_consumer_qos",
  "direct_reply_to",
];

function serverProperties(release: Release): FieldTable {
  const capabilities: FieldTable = new Map(
    CAPABILITIES.map((name): [string, Field] => [name, { type: "t", value: true }]),
  );
  return new Map<string, Field>([
    ["capabilities", { type: "F", value: capabilities }],
    ["cluster_name", textField("worktool")],
    ["product", textField("worktool")],
    ["version", textField(deno.version)],
    ["rabbitmq_release", textField(release.name)],
    ["platform", textField("JavaScript")],
    ["information", textField("Embedded AMQP 0-9-1 broker")],
  ]);
}

/** What a handshake needs of its connection. */
export interface HandshakeHost {
  readonly broker: Broker;
  readonly remoteAddress: string | undefined;
  send<M extends MethodName>(name: M, args: Arguments<M>): void;
  /** From connection.tune-ok on. @param seconds the interval agreed on, 0 for none */
  startHeartbeat(seconds: number): void;
}

/** What a handshake has agreed on. */
export interface HandshakeResult {
  readonly user: User;
  readonly vhost: VHost;
  readonly channelMax: number;
  readonly frameMaxBytes: number;
  /** Capabilities that the client announced. */
  readonly capabilities: ReadonlySet<string>;
  /** In which the client logged in. */
  readonly mechanism: string;
  /** 0 for none. */
  readonly heartbeatSeconds: number;
  /** What the client says of itself. */
  readonly properties: FieldTable;
  /** What the client calls its connection; empty for no name. */
  readonly name: string;
}

/** Opens the ladder: start, start-ok, tune, tune-ok, open, open-ok (class connection). */
export class Handshake {
  readonly #host: HandshakeHost;
  #step: "start-ok" | "tune-ok" | "open" = "start-ok";
  #user: User | undefined;
  #channelMax = CHANNEL_MAX;
  #frameMaxBytes = FRAME_MAX_BYTES;
  #capabilities: ReadonlySet<string> = new Set();
  #name = "";
  #mechanism = "";
  #heartbeatSeconds = 0;
  #properties: FieldTable = new Map();

  /** @param version as the client's protocol header named it */
  constructor(host: HandshakeHost, version: { readonly major: number; readonly minor: number }) {
    this.#host = host;
    host.send("connection.start", {
      versionMajor: version.major,
      versionMinor: version.minor,
      serverProperties: serverProperties(host.broker.release),
      mechanisms: MECHANISMS.join(" "),
      locales: "en_US",
    });
  }

  /**
   * Takes the next method.
   * @returns what was agreed on, once the connection is open.
   * @throws {ConnectionError} 403 bad login, 504 out of order, 530 limits or virtual host.
   * @throws {UnanswerableError} for a mechanism that was not offered.
   */
  method(method: Method): HandshakeResult | undefined {
    if (method.name === "connection.start-ok" && this.#step === "start-ok") {
      this.#startOk(method.args);
      this.#step = "tune-ok";
      return undefined;
    }
    if (method.name === "connection.tune-ok" && this.#step === "tune-ok") {
      this.#tuneOk(method.args);
      this.#step = "open";
      return undefined;
    }
    if (method.name === "connection.open" && this.#step === "open") {
      return this.#open(method.args.virtualHost);
    }
    // Rule (section 4.9): methods of the handshake come in order.
    const problem = "unexpected method in connection state opening";
    throw this.unexpected(new ConnectionError("CHANNEL_ERROR", problem));
  }

  /** Only a peer that has logged in and agreed on limits gets an answer to its errors. */
  unexpected(error: ConnectionError): ConnectionError | UnanswerableError {
    return this.#step === "open" ? error : new UnanswerableError(error.message);
  }

  #startOk(args: Arguments<"connection.start-ok">): void {
    const host = this.#host;
    this.#readClientProperties(args.clientProperties);
    if (!MECHANISMS.some((mechanism) => mechanism === args.mechanism)) {
      throw new UnanswerableError(`unknown authentication mechanism '${args.mechanism}'`);
    }
    const credentials = readCredentials(args.mechanism, args.response);
    if (credentials === undefined) throw new UnanswerableError("login without name and password");
    const user = host.broker.user(credentials.name);
    if (
      user === undefined ||
      !user.hasPassword(credentials.password) ||
      // RabbitMQ's loopback_users: guest comes from this machine only.
      (user.name === "guest" && !isLoopback(host.remoteAddress))
    ) {
      const told = this.#capabilities.has("authentication_failure_close");
      throw new LoginRefused(args.mechanism, { told });
    }
    this.#user = user;
    this.#mechanism = args.mechanism;
    host.send("connection.tune", {
      channelMax: CHANNEL_MAX,
      frameMax: FRAME_MAX_BYTES,
      heartbeat: HEARTBEAT_SECONDS,
    });
  }

  #readClientProperties(properties: FieldTable): void {
    this.#properties = properties;
    const capabilities = properties.get("capabilities");
    if (capabilities?.type === "F") {
      const announced = [...capabilities.value].filter(([, { value }]) => value === true);
      this.#capabilities = new Set(announced.map(([name]) => name));
    }
    const name = properties.get("connection_name");
    if (name?.type === "S") this.#name = textOf(name.value);
  }

  #tuneOk(args: Arguments<"connection.tune-ok">): void {
    const { leastFrameMaxBytes } = this.#host.broker.release;
    requireWithin("frame_max", args.frameMax, leastFrameMaxBytes, FRAME_MAX_BYTES);
    requireWithin("channel_max", args.channelMax, 1, CHANNEL_MAX);
    this.#channelMax = args.channelMax;
    this.#frameMaxBytes = args.frameMax;
    this.#heartbeatSeconds = args.heartbeat;
    this.#host.startHeartbeat(args.heartbeat);
  }

  #open(vhostName: string): HandshakeResult {
    const host = this.#host;
    const user = this.#user!;
    const vhost = host.broker.vhost(vhostName);
    if (vhost === undefined) {
      // Rule (connection.open, "virtual-host").
      throw new ConnectionError("NOT_ALLOWED", `vhost ${vhostName} not found`);
    }
    if (!user.mayOpen(vhostName)) {
      throw new ConnectionError(
        "NOT_ALLOWED",
        `access to vhost '${vhostName}' refused for user '${user.name}'`,
      );
    }
    host.send("connection.open-ok", {});
    return {
      user,
      vhost,
      channelMax: this.#channelMax,
      frameMaxBytes: this.#frameMaxBytes,
      capabilities: this.#capabilities,
      mechanism: this.#mechanism,
      heartbeatSeconds: this.#heartbeatSeconds,
      properties: this.#properties,
      name: this.#name,
    };
  }
}

/** The login was refused: told only to a client that can take it, else the socket just closes. */
export class LoginRefused extends ConnectionError {
  /** Whether the client can be told. */
  readonly told: boolean;

  constructor(mechanism: string, { told }: { readonly told: boolean }) {
    super(
      "ACCESS_REFUSED",
      `Login was refused using authentication mechanism ${mechanism}. For details see the ` +
        "broker logfile.",
      { namesMethod: false },
    );
    this.told = told;
  }
}

/**
 * Rule (connection.tune-ok): the client may lower what the server proposed, within reason.
 * RabbitMQ drops the socket of a client that does not.
 */
function requireWithin(name: string, value: number, lowest: number, highest: number): void {
  // 0 means no limit, which is more than any.
  if (value >= lowest && value <= highest) return;
  throw new UnanswerableError(`negotiated ${name} = ${value} is not in ${lowest}..${highest}`);
}
