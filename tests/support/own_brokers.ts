// deno-lint-ignore-file camelcase -- names of RabbitMQ
import { Buffer } from "node:buffer";
import { AmqpPeer } from "./amqp_peer.ts";
import { type BehaviourOptions, brokerList, type Release } from "./broker_list.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { wholeTest } from "./deadline.ts";
import { PrivateRabbitMq } from "./private_rabbitmq.ts";
import { deviationsOf } from "./deviations.ts";

const EMBEDDED_MAX_MEMORY = "64MB";
const FLOOD_MEGABYTES = 512;

/**
 * A quorum queue hands a dead letter over again when its target has not confirmed it in this time,
 * as where the target was not up yet after a restart. RabbitMQ's own three minutes are more than a
 * test waits.
 */
const DEAD_LETTERING = { dead_letter_worker_publisher_confirm_timeout: 15_000 };

/** A broker that a test may stop and start, because no other test uses it. */
export interface RestartableBroker extends AsyncDisposable {
  readonly url: string;
  /** Stops it in order. */
  stop(): Promise<unknown>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Resolves when a crash cannot make it forget what was declared. */
  keepDeclarations(): Promise<void>;
  /** Starts it again with the same url and data. */
  start(): Promise<void>;
}

/** A user, and what it may configure, write to and read from: regular expressions on names. */
export interface User {
  name: string;
  password: string;
  configure: string;
  write: string;
  read: string;
  tags?: string[];
}

export interface OwnBrokerOptions {
  /** Users beside guest, with rights in virtual host `/`. */
  users?: User[];
  /** Virtual hosts beside `/`; guest may do everything there. */
  vhosts?: string[];
  /** How long a delivery may stay unacknowledged. */
  consumerTimeoutMs?: number;
  /** Deprecated features that it refuses. */
  denied?: string[];
}

/** A broker whose memory a test may make short. */
export interface PressableBroker extends RestartableBroker {
  /** Makes the broker refuse to read from publishers; resolves when it does. */
  blockPublishers(): Promise<void>;
  unblockPublishers(): Promise<void>;
}

interface OwnBroker {
  name: string;
  release: Release;
  start(options?: OwnBrokerOptions): Promise<PressableBroker>;
}

/** The brokers that a test may have for itself. */
const ownBrokers: OwnBroker[] = [
  ...brokerList.rabbitMqs.map(({ name, release, scripts }) => ({
    name,
    release,
    start: (options?: OwnBrokerOptions) => startRabbitMq(scripts, options),
  })),
  ...[...brokerList.embedded, ...brokerList.older].map(({ name, release, options: flags }) => ({
    name,
    release,
    start: (options?: OwnBrokerOptions) => startEmbedded(flags, options),
  })),
];

/** Tries one behaviour on the scenario's broker. */
export type Step = (sentence: string, body: () => Promise<unknown>) => Promise<void>;

/**
 * Registers a scenario as one test for each broker: starts one for this test alone, as a start
 * takes RabbitMQ seconds, and tries several behaviours on it, each a step.
 */
export function scenario(
  sentence: string,
  options: OwnBrokerOptions,
  body: (broker: PressableBroker & { release: Release }, step: Step) => Promise<void>,
  { releases }: BehaviourOptions = {},
): void {
  if (ownBrokers.length === 0) Deno.test.ignore(`${sentence} [no broker to start]`, () => {});
  for (const { name, release, start } of ownBrokers) {
    if (releases?.includes(release) === false) continue;
    Deno.test(`${sentence} [${name}]`, async (t) => {
      await using broker = await start(options);
      await body(Object.assign(broker, { release }), async (sentence, attempt) => {
        const ignore = deviationsOf(name)[sentence] !== undefined;
        const fn = async () => void await wholeTest(sentence, attempt);
        await t.step({ name: sentence, ignore, fn });
      });
    });
  }
}

async function startRabbitMq(
  scripts: string,
  options: OwnBrokerOptions = {},
): Promise<PressableBroker> {
  const { users = [], vhosts = [], consumerTimeoutMs, denied = [] } = options;
  const timeouts = { consumer_timeout: consumerTimeoutMs!, channel_tick_interval: 500 };
  const node = await PrivateRabbitMq.start({
    scripts,
    config: denied.map((feature) => `deprecated_features.permit.${feature} = false`),
    settings: { ...DEAD_LETTERING, ...(consumerTimeoutMs ? timeouts : {}) },
  });
  if (users.length + vhosts.length > 0) await defineUsers(node, users, vhosts);
  const pressure = {
    blockPublishers: () => watermark(node, "0.000001"),
    unblockPublishers: () => watermark(node, "0.4"),
  };
  return Object.assign(node, pressure);
}

async function defineUsers(
  node: PrivateRabbitMq,
  users: readonly User[],
  vhosts: readonly string[],
): Promise<void> {
  const everything = { configure: ".*", write: ".*", read: ".*" };
  await node.define({
    vhosts: vhosts.map((name) => ({ name })),
    users: users.map(({ name, password, tags = [] }) => ({ name, password, tags: `${tags}` })),
    permissions: [
      ...vhosts.map((vhost) => ({ user: "guest", vhost, ...everything })),
      ...users.map(({ name, configure, write, read }) => (
        { user: name, vhost: "/", configure, write, read }
      )),
    ],
  });
}

async function watermark(node: PrivateRabbitMq, fraction: string): Promise<void> {
  await node.ctl("set_vm_memory_high_watermark", fraction);
}

async function startEmbedded(
  flags: readonly string[],
  options: OwnBrokerOptions = {},
): Promise<PressableBroker> {
  const { users = [], vhosts = [], consumerTimeoutMs, denied = [] } = options;
  const all: (Partial<User>)[] = users.length > 0
    ? [{ name: "guest", password: "guest" }, ...users]
    : [];
  const broker = await EmbeddedBroker.start([
    ...flags,
    ...all.flatMap(({ tags: _, ...user }) => ["--user", Object.values(user).join(":")]),
    ...users.flatMap(({ name, tags }) => tags ? ["--user-tags", `${name}:${tags}`] : []),
    ...denied.flatMap((feature) => ["--deny", feature]),
    ...vhosts.flatMap((vhost) => ["--vhost", vhost]),
    ...(consumerTimeoutMs ? ["--consumer-timeout", `${consumerTimeoutMs}ms`] : []),
    "--max-memory",
    EMBEDDED_MAX_MEMORY,
  ]);
  let flood: AmqpPeer | undefined;
  const pressure = {
    blockPublishers: async () => {
      flood = await fillMemory(broker.url);
    },
    unblockPublishers: async () => {
      await flood?.[Symbol.asyncDispose](); // its queue goes with it
    },
  };
  const keepDeclarations = () => Promise.resolve(); // it commits before declare-ok
  return Object.assign(broker, { ...pressure, keepDeclarations });
}

/** Publishes until the broker blocks publishers; the messages go when the peer is cut. */
async function fillMemory(url: string): Promise<AmqpPeer> {
  const clientProperties = { capabilities: { "connection.blocked": true } };
  const peer = await AmqpPeer.open(url, { clientProperties });
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  await peer.call(1, "confirm.select");
  const megabyte = Buffer.alloc(1_048_576);
  for (let published = 0; published < FLOOD_MEGABYTES; published++) {
    peer.publish(1, { routingKey: queue }, megabyte, { bodyFrameBytes: 131064 });
    const { channel } = await peer.nextFrame("a confirm or connection.blocked");
    if (channel === 0) return peer;
  }
  throw new Error(`the broker took ${FLOOD_MEGABYTES} MB and did not block its publisher`);
}
