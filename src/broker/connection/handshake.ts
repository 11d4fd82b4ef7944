import { isLoopback, MECHANISMS, readCredentials } from "./authentication.ts";
import type { Connection } from "./connection.ts";
import type { Release } from "../release.ts";
import type { Field, FieldTable } from "../wire/field_table.ts";
import { textField } from "../wire/field_table.ts";
import type { Arguments, Method } from "../wire/method_codec.ts";
import { ConnectionError, UnanswerableError } from "../wire/protocol_error.ts";

/** `AMQP`, 0, and the version 0-9-1 (section 4.2.2). */
export const PROTOCOL_HEADER = "AMQP\0\0\x09\x01";
/** Headers of AMQP 0-8 and 0-9, and those that clients of the time sent. */
export const PROTOCOL_HEADERS_08 = [
  "AMQP\x01\x01\0\x09",
  "AMQP\x01\x01\x09\x01",
  "AMQP\x01\x01\x08\0",
];
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
    ["version", textField("0.1.0")],
    ["rabbitmq_release", textField(release.name)],
    ["platform", textField("JavaScript")],
    ["information", textField("Embedded AMQP 0-9-1 broker")],
  ]);
}

/** What the steps of the handshake find out. */
export interface Session {
  channelMax: number;
  frameMaxBytes: number;
}

/** Opens the ladder: start, start-ok, tune, tune-ok, open, open-ok (class connection). */
export class Handshake {
  readonly #connection: Connection;
  #step: "start-ok" | "tune-ok" | "open" = "start-ok";
  readonly session: Session = {
    channelMax: CHANNEL_MAX,
    frameMaxBytes: FRAME_MAX_BYTES,
  };

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.send("connection.start", {
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: serverProperties(connection.broker.release),
      mechanisms: MECHANISMS.join(" "),
      locales: "en_US",
    });
  }

  /**
   * Takes the next method.
   * @returns true once the connection is open.
   * @throws {ConnectionError} 403 bad login, 504 out of order, 530 limits or virtual host.
   * @throws {UnanswerableError} for a mechanism that was not offered.
   */
  method(method: Method): boolean {
    if (method.name === "connection.start-ok" && this.#step === "start-ok") {
      this.#startOk(method.args);
      this.#step = "tune-ok";
      return false;
    }
    if (method.name === "connection.tune-ok" && this.#step === "tune-ok") {
      this.#tuneOk(method.args);
      this.#step = "open";
      return false;
    }
    if (method.name === "connection.open" && this.#step === "open") {
      this.#open(method.args.virtualHost);
      return true;
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
    const connection = this.#connection;
    connection.readClientProperties(args.clientProperties);
    if (!MECHANISMS.some((mechanism) => mechanism === args.mechanism)) {
      throw new UnanswerableError(`unknown authentication mechanism '${args.mechanism}'`);
    }
    const credentials = readCredentials(args.mechanism, args.response);
    if (credentials === undefined) throw new UnanswerableError("login without name and password");
    const user = connection.broker.user(credentials.name);
    if (
      user === undefined ||
      !user.hasPassword(credentials.password) ||
      // RabbitMQ's loopback_users: guest comes from this machine only.
      (user.name === "guest" && !isLoopback(connection.remoteAddress))
    ) {
      throw new LoginRefused(args.mechanism);
    }
    connection.user = user;
    connection.send("connection.tune", {
      channelMax: CHANNEL_MAX,
      frameMax: FRAME_MAX_BYTES,
      heartbeat: HEARTBEAT_SECONDS,
    });
  }

  #tuneOk(args: Arguments<"connection.tune-ok">): void {
    const { leastFrameMaxBytes } = this.#connection.broker.release;
    requireWithin("frame_max", args.frameMax, leastFrameMaxBytes, FRAME_MAX_BYTES);
    requireWithin("channel_max", args.channelMax, 1, CHANNEL_MAX);
    this.session.channelMax = args.channelMax;
    this.session.frameMaxBytes = args.frameMax;
    this.#connection.startHeartbeat(args.heartbeat);
  }

  #open(name: string): void {
    const connection = this.#connection;
    const vhost = connection.broker.vhost(name);
    if (vhost === undefined) {
      // Rule (connection.open, "virtual-host").
      throw new ConnectionError("NOT_ALLOWED", `vhost ${name} not found`);
    }
    if (!connection.user?.mayOpen(name)) {
      const user = connection.userName;
      throw new ConnectionError(
        "NOT_ALLOWED",
        `access to vhost '${name}' refused for user '${user}'`,
      );
    }
    connection.vhost = vhost;
    connection.send("connection.open-ok", {});
  }
}

/** The login was refused: told only to a client that can take it, else the socket just closes. */
export class LoginRefused extends ConnectionError {
  constructor(mechanism: string) {
    super(
      "ACCESS_REFUSED",
      `Login was refused using authentication mechanism ${mechanism}. For details see the ` +
        "broker logfile.",
      { namesMethod: false },
    );
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
