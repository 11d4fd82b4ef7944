import type { AmqpPeer } from "../../tests/support/amqp_peer.ts";
import { decodeMethod } from "../../tests/support/amqp_wire.ts";
import { CHANNEL, each, lengthOf } from "./load.ts";

const QUEUE = "numbered";
/** Messages of one burst: the broker writes them together. */
const BURST = 20;
const BODY_BYTES = 1_024;

/** Persistent messages whose bodies tell whether they are whole. */
export class NumberedMessages {
  confirmed = 0;
  /** Answered by a nack, or by the end of the connection. */
  refused = 0;
  readonly #whole = new Set<string>();

  /** Publishes that many, burst after burst, each confirmed before the next. */
  async publish(peer: AmqpPeer, count: number): Promise<void> {
    await peer.call(CHANNEL, "queue.declare", { queue: QUEUE, durable: true });
    await peer.call(CHANNEL, "confirm.select");
    for (let tag = 1; tag <= count; tag += BURST) {
      const bodies = each(BURST, () => this.#body());
      peer.together(() => {
        for (const body of bodies) {
          const properties = { deliveryMode: 2 };
          peer.publish(CHANNEL, { routingKey: QUEUE }, body, { properties });
        }
      });
      await this.#settled(peer, tag);
    }
  }

  /** Consumes all that is there. */
  async takeAll(peer: AmqpPeer): Promise<{ whole: number; altered: number }> {
    await peer.call(CHANNEL, "queue.declare", { queue: QUEUE, durable: true });
    const there = await lengthOf(peer, QUEUE);
    await peer.call(CHANNEL, "basic.consume", { queue: QUEUE, noAck: true });
    let whole = 0;
    for (let number = 0; number < there; number++) {
      const { body } = await peer.expectContent("basic.deliver", CHANNEL);
      if (this.#whole.has(body.toString())) whole++;
    }
    return { whole, altered: there - whole };
  }

  #body(): string {
    const body = `<${this.#whole.size}>`.repeat(BODY_BYTES).slice(0, BODY_BYTES);
    this.#whole.add(body);
    return body;
  }

  /** Waits until a burst that begins with this tag is answered. */
  async #settled(peer: AmqpPeer, from: number): Promise<void> {
    const open = new Set(each(BURST, (number) => from + number));
    while (open.size > 0) {
      let answer;
      try {
        answer = decodeMethod((await peer.nextFrame("a confirm")).payload);
      } catch (error) {
        this.refused += open.size;
        throw error;
      }
      const { name, args: { deliveryTag, multiple } } = answer;
      if (name !== "basic.ack" && name !== "basic.nack") throw new Error(`${name} for a confirm`);
      for (const tag of [...open]) {
        if (tag !== deliveryTag && !(multiple && tag < (deliveryTag as number))) continue;
        open.delete(tag);
        if (name === "basic.ack") this.confirmed++;
        else this.refused++;
      }
    }
  }
}
