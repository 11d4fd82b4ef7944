import type { Buffer } from "node:buffer";
import type { Entry } from "../model/entry.ts";
import { ChannelInput } from "../methods/channel_input.ts";
import { settle } from "../methods/settle.ts";
import { FRAME_METHOD } from "../wire/frame_parser.ts";
import { decodeMethod, methodNumber } from "../wire/method_codec.ts";
import type { Ending } from "./channel_faults.ts";
import type { FaultyChannel } from "./faulty_channel.ts";

const BASIC_PUBLISH = methodNumber("basic.publish");
const BASIC_ACK = methodNumber("basic.ack");
/** What those faults count that strike a channel or a connection: publishes and settlements. */
const OPERATIONS = new Set([
  BASIC_PUBLISH,
  BASIC_ACK,
  methodNumber("basic.nack"),
  methodNumber("basic.reject"),
]);

/** The frames of a channel, some of which end it, or more; and some acknowledgements are lost. */
export class FaultyInput extends ChannelInput {
  readonly #channel: FaultyChannel;
  #ending: Ending | undefined;

  constructor(channel: FaultyChannel) {
    super(channel);
    this.#channel = channel;
  }

  override frame(type: number, bytes: Buffer, start: number, end: number): void {
    const awaitsContent = this.assembling;
    const isMethod = !awaitsContent && type === FRAME_METHOD && end - start > 4;
    const method = isMethod ? bytes.readUInt32BE(start) : 0;
    if (OPERATIONS.has(method)) {
      this.#ending = this.#channel.faults.operationBegins();
      if (this.#ending !== undefined) this.#confirmAll();
      if (this.#ending?.operation === "lost") return this.#end();
    }
    if (method !== BASIC_ACK || !this.#acknowledge(bytes, start, end)) {
      super.frame(type, bytes, start, end);
    }
    if (this.assembling) return;
    if (awaitsContent) this.#channel.faults.published();
    this.#end();
  }

  /** @returns false where it was left to the broker */
  #acknowledge(bytes: Buffer, start: number, end: number): boolean {
    const channel = this.#channel;
    const method = decodeMethod(bytes, start, end);
    if (method?.name !== "basic.ack" || channel.transaction !== undefined) return false;
    const { deliveryTag, multiple } = method.args;
    const arrived: Entry[] = [];
    const lost: Entry[] = [];
    for (const entry of channel.unacked.take(deliveryTag, { multiple })) {
      (channel.faults.loses(entry.deliveryTag) ? lost : arrived).push(entry);
    }
    settle(channel, arrived, "ack");
    // RabbitMQ: the end of a consumer that holds a delivery counts as its failure.
    settle(channel, lost, "reject and requeue");
    return true;
  }

  #end(): void {
    const ending = this.#ending;
    this.#ending = undefined;
    if (ending?.operation === "confirmed") this.#confirmAll();
    ending?.make(this.#channel.host);
  }

  /** The end of a turn, now: a client that never got anywhere would try the same for ever. */
  #confirmAll(): void {
    this.#channel.host.broker.endOfTurn.run();
  }
}
