/** Publishers that publish for ever and never read what the broker says. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { ConfirmChannel } from "amqplib";
import { confirmed, get } from "../conformance/client.ts";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { within } from "../support/deadline.ts";
import type { Fields } from "../support/amqp_wire.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { publishes } from "./message_stream.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

/** For ever is until the broker took that much. */
const ENDLESS_BYTES = 400_000_000;
/** The broker does not read when it reads nothing while it answers so many others. */
const ROUND_TRIPS = 200;
const BATCH = 500;
const BODY_BYTES = 1_000;
const MOST_MEMORY_BYTES = 300_000_000;
const FRAMES = { bodyFrameBytes: 131_064 };

unreadingPublisher("confirms", {
  publish: { routingKey: "bounded" },
  properties: { deliveryMode: 2 },
  isStopped: false, // many share one confirm: it would take hours to fill a socket
});
unreadingPublisher("returned messages", {
  publish: { routingKey: "nowhere", mandatory: true },
  isStopped: true,
});
unreadingPublisher("connection.blocked", {
  publish: { routingKey: "endless" },
  isStopped: true,
  othersPublish: false, // while memory is short, no publisher is served
  options: ["--max-memory", "40MB"],
});

for (const othersWait of [false, true]) {
  const beside = othersWait ? ", which is not read as others wait, too," : "";
  Deno.test(`a blocked publisher that dies with much on its way${beside} gives its memory back`, async () => {
    await using directory = await ScratchDirectory.make();
    await using broker = await BrokerProcess.start(directory.path, ["--max-memory", "40MB"]);
    const connection = await broker.connect();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("others");
    const publishBeside = () => confirmed(channel, { routingKey: "others" }, "x");
    let outcome: Promise<string> | undefined;
    {
      const clientProperties = { capabilities: { "connection.blocked": true } };
      await using peer = await AmqpPeer.open(broker.url, { clientProperties });
      await peer.openChannel(1);
      const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
      await peer.call(1, "confirm.select");
      const megabyte = Buffer.alloc(1_048_576);
      const publish = () => peer.publish(1, { routingKey: queue }, megabyte, FRAMES);
      do publish(); while ((await peer.nextFrame("a confirm or connection.blocked")).channel === 1);
      if (othersWait) {
        const blocked = once(connection, "blocked");
        outcome = publishBeside();
        await within(blocked, "connection.blocked");
      }
      publish();
      const socket = peer.detach();
      await within(new Promise<void>((sent) => socket.end(sent)), "all of it sent, and its end");
    }
    // Its queue goes with it, so there is room.
    assert.equal(await (outcome ?? publishBeside()), "ack");
    await connection.close();
    assert.equal((await broker.stop()).code, 0);
  });
}

interface Flooding {
  readonly publish: Fields;
  readonly properties?: Fields;
  /** Whether the broker must stop reading from it. */
  readonly isStopped: boolean;
  /** Default true. */
  readonly othersPublish?: boolean;
  readonly options?: readonly string[];
}

function unreadingPublisher(unread: string, flooding: Flooding): void {
  Deno.test(`a publisher that does not read ${unread} costs little, and others are served`, async () => {
    await using directory = await ScratchDirectory.make();
    await using broker = await BrokerProcess.start(directory.path, flooding.options);
    const connection = await broker.connect();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("bounded", { durable: true, maxLength: 1_000 });
    await channel.assertQueue("endless");
    await channel.assertQueue("others");
    assert.equal(await confirmed(channel, { routingKey: "others" }, "x"), "ack");

    await using unreading = await AmqpPeer.open(broker.url);
    await unreading.openChannel(1);
    await unreading.call(1, "confirm.select");
    const flood = new Flood(
      unreading.detach(),
      publishes(0, BATCH, { bodyBytes: BODY_BYTES, ...flooding }),
    );
    let idle = 0;
    while (idle < ROUND_TRIPS && flood.takenBytes < ENDLESS_BYTES) {
      const before = flood.takenBytes;
      await roundTrip(channel, flooding);
      idle = flood.takenBytes === before ? idle + 1 : 0;
    }
    flood.stop();
    assert.equal(idle === ROUND_TRIPS, flooding.isStopped, `it took ${flood.takenBytes} octets`);
    const memoryBytes = await broker.peakMemoryBytes();
    assert(memoryBytes < MOST_MEMORY_BYTES, `it took ${memoryBytes} octets`);
    await unreading[Symbol.asyncDispose]();
    await connection.close();
    assert.equal((await broker.stop()).code, 0);
  });
}

/** Writes the same again and again, as fast as it is taken. */
class Flood {
  /** What the socket took. */
  takenBytes = 0;
  readonly #socket: Socket;
  readonly #bytes: Buffer;
  #stopped = false;

  constructor(socket: Socket, bytes: Buffer) {
    this.#socket = socket;
    this.#bytes = bytes;
    this.#write();
  }

  #write(): void {
    this.#socket.write(this.#bytes, (error) => {
      if (error || this.#stopped) return;
      this.takenBytes += this.#bytes.length;
      this.#write();
    });
  }

  stop(): void {
    this.#stopped = true;
  }
}

/** What another client does meanwhile: it takes a message, puts it back, and publishes one. */
async function roundTrip(channel: ConfirmChannel, { othersPublish = true }: Flooding) {
  channel.nack(await get(channel, "others", {}));
  if (!othersPublish) return;
  assert.equal(await confirmed(channel, { routingKey: "others" }, "x"), "ack");
  await get(channel, "others");
}
