/** Optional arguments of queue.declare: which values are allowed, and when two are the same. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { FRAME_METHOD } from "../support/amqp_frame.ts";
import { type Fields, Typed } from "../support/amqp_wire.ts";
import { behaviour } from "./brokers.ts";

const invalid: [what: string, args: Fields][] = [
  ["a negative x-message-ttl", { "x-message-ttl": -1 }],
  ["an x-message-ttl that is a text", { "x-message-ttl": "60000" }],
  ["an x-message-ttl that is a fraction", { "x-message-ttl": 1.5 }],
  ["an x-message-ttl of more than ten years", { "x-message-ttl": 315_360_000_001n }],
  ["an x-expires of zero", { "x-expires": 0 }],
  ["a negative x-expires", { "x-expires": -1 }],
  ["an x-expires of more than ten years", { "x-expires": 315_360_000_001n }],
  ["an x-expires that is a text", { "x-expires": "60000" }],
  ["a negative x-max-length", { "x-max-length": -1 }],
  ["an x-max-length that is a text", { "x-max-length": "10" }],
  ["a negative x-max-length-bytes", { "x-max-length-bytes": -1 }],
  ["an x-max-priority over 255", { "x-max-priority": 256 }],
  ["a negative x-max-priority", { "x-max-priority": -1 }],
  ["an x-max-priority that is a text", { "x-max-priority": "10" }],
  ["an unknown x-overflow", { "x-overflow": "spill" }],
  ["an x-overflow that is no text", { "x-overflow": 1 }],
  ["an x-dead-letter-exchange that is no text", { "x-dead-letter-exchange": 1 }],
  ["an x-dead-letter-routing-key alone", { "x-dead-letter-routing-key": "k" }],
  ["an x-dead-letter-routing-key that is no text", {
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": 1,
  }],
  ["an x-single-active-consumer that is no boolean", { "x-single-active-consumer": "yes" }],
  ["an unknown x-queue-type", { "x-queue-type": "pile" }],
  ["an x-delivery-limit of a classic queue", { "x-delivery-limit": 3 }],
  ["an x-queue-type that is no text", { "x-queue-type": 1 }],
];

for (const [what, args] of invalid) {
  behaviour(`${what} is refused with 406`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    peer.send(1, "queue.declare", { queue: broker.queueName(), arguments: args });
    await peer.expectChannelClose(1, 406);
    await peer.close();
  });
}

behaviour(
  "an unknown x-queue-type of a queue without a name is error 541 or 406",
  async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    peer.send(1, "queue.declare", { arguments: { "x-queue-type": "pile" } });
    if (broker.release !== "4.3") return void await peer.expectConnectionClose(541);
    const { replyText } = await peer.expectChannelClose(1, 406);
    assert.equal(replyText, "PRECONDITION_FAILED - unknown queue type 'pile'");
    await peer.close();
  },
);

const valid: [what: string, args: Fields][] = [
  ["x-message-ttl 0", { "x-message-ttl": 0 }],
  ["x-message-ttl ten years", { "x-message-ttl": 315_360_000_000n }],
  ["x-expires 1 hour", { "x-expires": 3_600_000 }],
  ["x-max-length 0", { "x-max-length": 0 }],
  ["x-max-length-bytes 0", { "x-max-length-bytes": 0 }],
  ["x-max-priority 0", { "x-max-priority": 0 }],
  ["x-max-priority 1", { "x-max-priority": 1 }],
  ["x-overflow drop-head", { "x-overflow": "drop-head" }],
  ["x-overflow reject-publish", { "x-overflow": "reject-publish" }],
  ["x-overflow reject-publish-dlx", { "x-overflow": "reject-publish-dlx" }],
  ["x-dead-letter-exchange of a missing exchange", { "x-dead-letter-exchange": "nowhere" }],
  ["x-single-active-consumer false", { "x-single-active-consumer": false }],
  ["x-queue-mode lazy", { "x-queue-mode": "lazy" }],
  ["x-queue-mode default", { "x-queue-mode": "default" }],
  ["x-queue-type classic", { "x-queue-type": "classic" }],
  ["an argument nobody knows", { "x-colour": "blue" }],
];

for (const [what, args] of valid) {
  behaviour(`${what} is accepted`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    await peer.call(1, "queue.declare", { exclusive: true, arguments: args });
    await peer.close();
  });
}

for (const type of ["b", "B", "s", "u", "I", "i", "l"]) {
  behaviour(
    `a number may come as integer of type ${type}, and is the same number`,
    async (broker) => {
      await using peer = await broker.peer();
      await peer.openChannel(1);
      const queue = broker.queueName();
      const declare = (value: unknown) => ({ queue, arguments: { "x-max-length": value } });
      await peer.call(1, "queue.declare", declare(5));
      await peer.call(1, "queue.declare", declare(new Typed(type, 5)));
      peer.send(1, "queue.declare", declare(new Typed(type, 6)));
      await peer.expectChannelClose(1, 406);
      await peer.close();
    },
  );
}

const different: [what: string, first: Fields, second: Fields][] = [
  ["x-message-ttl", { "x-message-ttl": 1000 }, { "x-message-ttl": 2000 }],
  ["x-expires", { "x-expires": 100000 }, {}],
  ["x-max-length", {}, { "x-max-length": 1 }],
  ["x-max-length-bytes", { "x-max-length-bytes": 1 }, { "x-max-length-bytes": 2 }],
  ["x-overflow", { "x-overflow": "drop-head" }, { "x-overflow": "reject-publish" }],
  ["x-max-priority", { "x-max-priority": 1 }, {}],
  ["x-dead-letter-exchange", { "x-dead-letter-exchange": "a" }, { "x-dead-letter-exchange": "b" }],
  ["x-dead-letter-routing-key", {
    "x-dead-letter-exchange": "a",
    "x-dead-letter-routing-key": "k",
  }, { "x-dead-letter-exchange": "a" }],
  ["x-single-active-consumer", { "x-single-active-consumer": true }, {}],
  ["x-queue-mode", { "x-queue-mode": "lazy" }, {}],
];

for (const [what, first, second] of different) {
  behaviour(`a queue declared again with another ${what} is refused with 406`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const queue = broker.queueName();
    await peer.call(1, "queue.declare", { queue, arguments: first });
    peer.send(1, "queue.declare", { queue, arguments: second });
    await peer.expectChannelClose(1, 406);
    await peer.close();
  });
}

behaviour("a float is told as Erlang writes it", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const queue = broker.queueName();
  const declare = (value: unknown) => ({ queue, arguments: { "x-message-ttl": value } });
  await peer.call(1, "queue.declare", declare(10));
  for (const text of ["10.0", "10.5", "1.0e10", "-3.0", "1.0e-7", "123456.0", "1.0e22"]) {
    peer.send(1, "queue.declare", declare(new Typed("d", Number(text))));
    const { replyText } = await peer.expectChannelClose(1, 406);
    assert.match(String(replyText), new RegExp(`received '${text}' but current is '10'`));
    await peer.openChannel(1);
  }
  await peer.close();
});

behaviour("of two arguments with one name the first counts", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const expires = (value: number) => [9, ...Buffer.from("x-expires"), 0x49, 0, 0, value, 0];
  const table = [...expires(255), ...expires(0)];
  const exclusive = 4;
  const declare = methodIdBytes("queue.declare");
  const payload = [...declare, 0, 0, 0, exclusive, 0, 0, 0, table.length, ...table];
  peer.sendFrame(FRAME_METHOD, 1, Buffer.from(payload));
  await peer.expect("queue.declare-ok", 1);
  await peer.close();
});

behaviour("arguments nobody knows may differ between two declares", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const queue = broker.queueName();
  await peer.call(1, "queue.declare", { queue, arguments: { "x-colour": "blue" } });
  await peer.call(1, "queue.declare", { queue, arguments: { "x-colour": "red" } });
  await peer.call(1, "queue.declare", { queue });
  await peer.close();
});

behaviour("x-queue-type classic is the same as none", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const queue = broker.queueName();
  await peer.call(1, "queue.declare", { queue, arguments: { "x-queue-type": "classic" } });
  await peer.call(1, "queue.declare", { queue });
  await peer.close();
});
