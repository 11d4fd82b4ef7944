// deno-lint-ignore-file camelcase -- names of RabbitMQ
/**
 * Opening a connection: protocol header, login, limits, virtual host (AMQP 0-9-1 sections 2.2.4,
 * 4.2.2).
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type AmqpPeer, PROTOCOL_HEADER } from "../support/amqp_peer.ts";
import { encodeTable, type Fields } from "../support/amqp_wire.ts";
import { behaviour, type Broker } from "./brokers.ts";

const AMQP_1_0_SASL_HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 3, 1, 0, 0]);

for (
  const [what, header] of [
    ["of another version", Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 2, 0, 0])],
    ["of another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ] as const
) {
  behaviour(
    `a header ${what} is answered with the broker's own, or the one of AMQP 1.0, and the end`,
    async (broker) => {
      await using peer = await broker.dial();
      peer.sendBytes(header);
      const offered = broker.release === "3.10" ? PROTOCOL_HEADER : AMQP_1_0_SASL_HEADER;
      assert.deepEqual(await peer.refusals.next("the broker's header"), offered);
      await peer.expectEnd();
    },
  );
}

behaviour("connection.start names the version, the mechanisms and the locale", async (broker) => {
  const start = await startOf(broker);
  assert.equal(`${start.versionMajor}-${start.versionMinor}`, "0-9");
  const mechanisms = String(start.mechanisms).split(" ");
  assert(mechanisms.includes("PLAIN") && mechanisms.includes("AMQPLAIN"));
  assert.equal(start.locales, "en_US");
});

behaviour("connection.start tells product, version and platform", async (broker) => {
  const { serverProperties } = await startOf(broker);
  const { product, version, platform } = serverProperties as Fields;
  for (const property of [product, version, platform]) assert(property);
});

behaviour("connection.start tells the broker's capabilities", async (broker) => {
  const { serverProperties } = await startOf(broker);
  assert.deepEqual((serverProperties as Fields).capabilities, {
    publisher_confirms: true,
    exchange_exchange_bindings: true,
    "basic.nack": true,
    consumer_cancel_notify: true,
    "connection.blocked": true,
    consumer_priorities: true,
    authentication_failure_close: true,
    per_consumer_qos: true,
    direct_reply_to: true,
  });
});

behaviour("a login with PLAIN is accepted", async (broker) => {
  await using peer = await broker.dial();
  const { username, password } = new URL(broker.url);
  await startOk(peer, { mechanism: "PLAIN", response: `\0${username}\0${password}` });
  await peer.expect("connection.tune");
});

behaviour("a login with AMQPLAIN is accepted", async (broker) => {
  await using peer = await broker.dial();
  const { username, password } = new URL(broker.url);
  const response = encodeTable({ LOGIN: username, PASSWORD: password }).subarray(4);
  await startOk(peer, { mechanism: "AMQPLAIN", response });
  await peer.expect("connection.tune");
});

behaviour("a failed login is told with 403 to a client that can hear it", async (broker) => {
  const attempts: Fields[] = [
    { mechanism: "PLAIN", response: "\0guest\0wrong" },
    { mechanism: "PLAIN", response: "\0guest\0" },
    { mechanism: "PLAIN", response: "\0nobody\0guest" },
    { mechanism: "AMQPLAIN", response: encodeTable({ LOGIN: "guest", PASSWORD: "x" }).subarray(4) },
  ];
  await Promise.all(attempts.map(async (attempt) => {
    await using peer = await broker.dial();
    const capabilities = { authentication_failure_close: true };
    await startOk(peer, { ...attempt, clientProperties: { capabilities } });
    const close = await peer.expect("connection.close");
    assert.equal(close.replyCode, 403);
    // The same words whether there is such a user or not.
    const { mechanism } = attempt;
    const text = `Login was refused using authentication mechanism ${mechanism}. For details see `;
    assert.equal(close.replyText, `ACCESS_REFUSED - ${text}the broker logfile.`);
    await peer.expectEnd();
  }));
});

behaviour("a failed login ends the socket of an older client without a word", async (broker) => {
  const attempts: Fields[] = [
    { mechanism: "PLAIN", response: "\0guest\0wrong" },
    { mechanism: "PLAIN", response: "no separators" },
    { mechanism: "PLAIN", response: "" },
    { mechanism: "PLAIN", response: "\0" },
    { mechanism: "PLAIN", response: `\0${"u".repeat(3_000)}\0p` },
    { mechanism: "AMQPLAIN", response: encodeTable({ LOGIN: "guest" }).subarray(4) },
    { mechanism: "AMQPLAIN", response: encodeTable({ PASSWORD: "guest" }).subarray(4) },
    { mechanism: "HOPE", response: "" },
  ];
  await Promise.all(attempts.map(async (attempt) => {
    await using peer = await broker.dial();
    await startOk(peer, attempt);
    await peer.expectSilentEnd();
  }));
});

behaviour(
  "connection.tune offers 2047 channels, frames of 128 KiB, a heartbeat",
  async (broker) => {
    await using peer = await broker.dial();
    const { username, password } = new URL(broker.url);
    await startOk(peer, { mechanism: "PLAIN", response: `\0${username}\0${password}` });
    const tune = await peer.expect("connection.tune");
    assert.deepEqual(tune, { channelMax: 2047, frameMax: 131072, heartbeat: 60 });
  },
);

behaviour("tune-ok outside of what tune allows ends the socket without a word", async (broker) => {
  const answers = [
    { channelMax: 2048 }, // more than offered
    { channelMax: 0 }, // no limit, where the broker has one
    { frameMax: 131073 },
    { frameMax: 0 },
    { frameMax: 4095 }, // below the protocol's minimum (section 4.2.3, frame-min-size)
  ];
  await Promise.all(answers.map(async (tuneOk) => {
    await using peer = await broker.dial();
    await peer.login(broker.url, { tuneOk });
    await peer.expectSilentEnd();
  }));
});

behaviour("tune-ok may lower every limit", async (broker) => {
  await using peer = await broker.peer({ tuneOk: { channelMax: 1, frameMax: 8192 } });
  await peer.openChannel(1);
  await peer.close();
});

behaviour("a virtual host that is not there is refused with 530", async (broker) => {
  await using peer = await broker.dial();
  await peer.login(broker.url);
  peer.send(0, "connection.open", { virtualHost: "nowhere" });
  await peer.expectConnectionClose(530);
});

behaviour("a virtual host without a name is refused with 530", async (broker) => {
  await using peer = await broker.dial();
  await peer.login(broker.url);
  peer.send(0, "connection.open", { virtualHost: "" });
  await peer.expectConnectionClose(530);
});

behaviour("a frame for a channel before connection.open is refused with 505", async (broker) => {
  await using peer = await broker.dial();
  await peer.login(broker.url);
  peer.send(1, "channel.open");
  await peer.expectConnectionClose(505);
});

behaviour("connection.close before connection.open is refused with 504", async (broker) => {
  await using peer = await broker.dial();
  await peer.login(broker.url);
  peer.send(0, "connection.close");
  await peer.expectConnectionClose(504);
});

behaviour("a client that says nothing, or speaks out of turn, is cut off", async (broker) => {
  const { username, password } = new URL(broker.url);
  const clients = [
    async (_: AmqpPeer) => {},
    async (peer: AmqpPeer) => {
      peer.sendBytes(PROTOCOL_HEADER);
      await peer.expect("connection.start");
      peer.send(0, "connection.open", { virtualHost: "/" });
    },
    async (peer: AmqpPeer) => {
      await startOk(peer, { mechanism: "PLAIN", response: `\0${username}\0${password}` });
      await peer.expect("connection.tune");
      peer.send(0, "connection.open", { virtualHost: "/" });
    },
  ];
  await Promise.all(clients.map(async (speak) => {
    await using peer = await broker.dial();
    await speak(peer);
    await peer.expectSilentEnd();
  }));
});

behaviour("a client may send the whole handshake without waiting", async (broker) => {
  await using peer = await broker.dial();
  const { username, password } = new URL(broker.url);
  peer.sendBytes(PROTOCOL_HEADER);
  peer.send(0, "connection.start-ok", {
    mechanism: "PLAIN",
    response: `\0${username}\0${password}`,
    locale: "en_US",
  });
  peer.send(0, "connection.tune-ok", { channelMax: 2047, frameMax: 131072 });
  peer.send(0, "connection.open", { virtualHost: "/" });
  peer.send(1, "channel.open");
  for (const method of ["connection.start", "connection.tune", "connection.open-ok"]) {
    await peer.expect(method);
  }
  await peer.expect("channel.open-ok", 1);
  await peer.close();
});

behaviour("a locale that the broker does not offer is accepted", async (broker) => {
  await using peer = await broker.dial();
  const { username, password } = new URL(broker.url);
  const login = { mechanism: "PLAIN", response: `\0${username}\0${password}` };
  await startOk(peer, { ...login, locale: "tlh" });
  await peer.expect("connection.tune");
});

behaviour("a client may not ask for frames below the least frame-max", async (broker) => {
  await using peer = await broker.dial();
  await peer.login(broker.url, { tuneOk: { frameMax: broker.release === "4.3" ? 8191 : 4095 } });
  await peer.expectSilentEnd();
});

behaviour(
  "before limits are agreed on, 4.3 takes frames of more than 4096 octets",
  async (broker) => {
    await using peer = await broker.dial();
    peer.sendBytes(PROTOCOL_HEADER);
    await peer.expect("connection.start");
    const { username, password } = new URL(broker.url);
    const response = `\0${username}\0${password}`;
    const clientProperties = { long: "x".repeat(4096) };
    peer.send(0, "connection.start-ok", { clientProperties, mechanism: "PLAIN", response });
    if (broker.release === "4.3") await peer.expect("connection.tune");
    else await peer.expectSilentEnd();
  },
);

behaviour("a heartbeat during the handshake is passed over", async (broker) => {
  await using peer = await broker.dial();
  await peer.login(broker.url);
  peer.sendHeartbeat();
  peer.send(0, "connection.open", { virtualHost: "/" });
  await peer.expect("connection.open-ok");
  await peer.close();
});

/** What the broker says first. */
async function startOf(broker: Broker): Promise<Fields> {
  await using peer = await broker.dial();
  peer.sendBytes(PROTOCOL_HEADER);
  return await peer.expect("connection.start");
}

/** Header, start, start-ok. */
async function startOk(peer: AmqpPeer, args: Fields): Promise<void> {
  peer.sendBytes(PROTOCOL_HEADER);
  await peer.expect("connection.start");
  peer.send(0, "connection.start-ok", { locale: "en_US", ...args });
}
