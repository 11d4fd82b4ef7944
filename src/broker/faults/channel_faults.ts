import type { ChannelHost } from "../channel/channel_host.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import type { Alarms } from "./alarms.ts";
import { CHANNEL_CODES, CONNECTION_CODES, type FaultKind, type RecurringFault } from "./fault.ts";
import type { FaultLog } from "./fault_log.ts";
import type { Place, Strikes } from "./strikes.ts";

/** A connection, and what its channels have done together. */
export interface ConnectionCounts {
  readonly connection: number;
  /** Publishes and settlements; whoever asked for faults is told of them as tasks. */
  operations: number;
  publishes: number;
}

/** What decides the faults of all connections. */
export interface Judges {
  readonly strikes: readonly Strikes[];
  readonly alarms: Alarms;
  readonly log: FaultLog;
}

/** How a channel, or more, ends with a publish or a settlement. */
export interface Ending {
  /** Whether that gets lost, is carried out and never confirmed, or is done well. */
  readonly operation: "lost" | "unconfirmed" | "confirmed";
  /** @throws {ChannelError | ConnectionError} for what the client is told */
  make(host: ChannelHost): void;
}

/** Decides what goes wrong on one channel, and tells it. */
export class ChannelFaults {
  readonly #judges: Judges;
  readonly #counts: ConnectionCounts;
  readonly #place: Place;
  /** As AMQP numbers it. */
  readonly #channel: number;
  #confirmed = 0;
  #acknowledged = 0;
  #operations = 0;

  /** @param opened how many channels the connection has opened, this one included */
  constructor(judges: Judges, counts: ConnectionCounts, channel: number, opened: number) {
    this.#judges = judges;
    this.#counts = counts;
    this.#place = { connection: counts.connection, channel: opened };
    this.#channel = channel;
  }

  /** Whether a publish that waits for its confirm is refused. */
  nacks(): boolean {
    const before = this.#confirmed++;
    return this.#strike("nack-confirm", before, `publish ${before + 1}`) !== undefined;
  }

  /** Whether the acknowledgement of a delivery is lost. */
  loses(deliveryTag: number): boolean {
    const before = this.#acknowledged++;
    return this.#strike("redeliver", before, `delivery ${deliveryTag}`) !== undefined;
  }

  /** Whether a consumer is cancelled. @param deliveries how many it has got */
  cancels(deliveries: number): boolean {
    return this.#strike("cancel", deliveries, `delivery ${deliveries}`) !== undefined;
  }

  /** A publish or a settlement begins. @returns what ends with it */
  operationBegins(): Ending | undefined {
    const onChannel = ++this.#operations;
    const onConnection = ++this.#counts.operations;
    const all = { connection: this.#counts.connection, channel: 0 };
    const drop = this.#strike("drop", onConnection, `task ${onConnection}`, all);
    if (drop !== undefined) {
      if ("after" in drop) {
        return { operation: "confirmed", make: (host) => host.hangUp("fault drop") };
      }
      // Every other one takes its operation with it.
      const operation = onConnection % 2 === 0 ? "lost" : "unconfirmed";
      return { operation, make: (host) => host.drop("fault drop", { reset: true }) };
    }
    const close = this.#strike("close-connection", onConnection, `task ${onConnection}`, all);
    if (close?.kind === "close-connection") {
      return endingBy(
        new ConnectionError(CONNECTION_CODES[close.code], TEXT, { namesMethod: false }),
      );
    }
    const channel = this.#strike("close-channel", onChannel, `task ${onChannel}`);
    if (channel?.kind !== "close-channel") return undefined;
    return endingBy(new ChannelError(CHANNEL_CODES[channel.code], TEXT));
  }

  /** A publish is complete. */
  published(): void {
    this.#judges.alarms.published(this.#counts.connection, ++this.#counts.publishes);
  }

  #strike(
    kind: FaultKind,
    before: number,
    what: string,
    place = this.#place,
  ): RecurringFault | undefined {
    const { strikes, log } = this.#judges;
    const struck = strikes.find((one) => one.fault.kind === kind && one.strikes(place, before));
    if (struck === undefined) return undefined;
    const channel = place.channel === 0 ? {} : { channel: this.#channel };
    log.made(kind, { connection: place.connection, ...channel, what });
    return struck.fault;
  }
}

const TEXT = "the broker was asked for this fault";

function endingBy(error: ChannelError | ConnectionError): Ending {
  return {
    operation: "confirmed",
    make() {
      throw error;
    },
  };
}
