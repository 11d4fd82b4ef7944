import type { Socket } from "node:net";
import type { Broker } from "../broker.ts";
import type { ChannelHost } from "../channel/channel_host.ts";
import type { ConnectionParts, SocketOutput } from "../connection/connection_parts.ts";
import type { ChannelInput } from "../methods/channel_input.ts";
import { Alarms } from "./alarms.ts";
import { chanceOf } from "./chance.ts";
import { ChannelFaults, type ConnectionCounts, type Judges } from "./channel_faults.ts";
import { DelayedOutput } from "./delayed_output.ts";
import type { FaultPlan } from "./fault.ts";
import { FaultLog } from "./fault_log.ts";
import { FaultyChannel } from "./faulty_channel.ts";
import { FaultyInput } from "./faulty_input.ts";
import { Strikes } from "./strikes.ts";

/** The faults that a broker makes on purpose: its connections have parts that fail. */
export class Faults implements Disposable {
  readonly #plan: FaultPlan;
  readonly #judges: Judges;

  constructor(plan: FaultPlan, broker: Broker) {
    const { faults, seed } = plan;
    const log = new FaultLog(faults.map(({ kind }) => kind), seed, broker.emit);
    this.#plan = plan;
    this.#judges = {
      log,
      alarms: new Alarms(faults, broker, log),
      strikes: faults.flatMap((fault, index) =>
        "times" in fault ? [new Strikes(fault, chanceOf(seed, index) * 2 ** 32)] : []
      ),
    };
  }

  /** What the connection of this number is made of. */
  partsFor(connection: number): ConnectionParts {
    const { faults, seed } = this.#plan;
    const judges = this.#judges;
    const counts: ConnectionCounts = { connection, operations: 0, publishes: 0 };
    const delay = faults.find((fault) => fault.kind === "delay");
    let opened = 0;
    return {
      output(socket: Socket): SocketOutput {
        if (delay === undefined) return socket;
        const onDelay = () => judges.log.count("delay");
        return new DelayedOutput(socket, { delay, seed, connection, onDelay });
      },
      openChannel(number: number, host: ChannelHost): ChannelInput {
        const channelFaults = new ChannelFaults(judges, counts, number, ++opened);
        return new FaultyInput(new FaultyChannel(number, host, channelFaults));
      },
    };
  }

  /** Makes no more alarms, and tells how many there were of each. */
  [Symbol.dispose](): void {
    this.#judges.alarms[Symbol.dispose]();
    this.#judges.log.end();
  }
}
