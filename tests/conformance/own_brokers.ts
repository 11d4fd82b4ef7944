import { EmbeddedBroker } from "../support/embedded_broker.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";

const EMBEDDED_COMMAND = Deno.env.get("WORKTOOL_TEST_BROKER_COMMAND");

/** A broker that a test may stop and start, because no other test uses it. */
export interface RestartableBroker extends AsyncDisposable {
  readonly url: string;
  /** Stops it in order. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
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
}

export interface OwnBrokerOptions {
  /** Users beside guest, with rights in virtual host `/`. */
  users?: User[];
  /** Virtual hosts beside `/`; guest may do everything there. */
  vhosts?: string[];
  /** How long a delivery may stay unacknowledged. */
  consumerTimeoutMs?: number;
}

interface OwnBroker {
  name: string;
  start(options?: OwnBrokerOptions): Promise<RestartableBroker>;
}

/** The brokers that a test may have for itself. */
export const ownBrokers: OwnBroker[] = [];
if (PrivateRabbitMq.installed) ownBrokers.push({ name: "RabbitMQ", start: startRabbitMq });
if (EMBEDDED_COMMAND) ownBrokers.push({ name: "embedded", start: startEmbedded });

async function startRabbitMq(options: OwnBrokerOptions = {}): Promise<PrivateRabbitMq> {
  const { users = [], vhosts = [], consumerTimeoutMs } = options;
  const timeouts = { consumer_timeout: consumerTimeoutMs!, channel_tick_interval: 500 };
  const node = await PrivateRabbitMq.start(consumerTimeoutMs ? { settings: timeouts } : {});
  for (const vhost of vhosts) {
    await node.ctl("add_vhost", vhost);
    await node.ctl("set_permissions", "--vhost", vhost, "guest", ".*", ".*", ".*");
  }
  for (const { name, password, configure, write, read } of users) {
    await node.ctl("add_user", name, password);
    await node.ctl("set_permissions", name, configure, write, read);
  }
  return node;
}

async function startEmbedded(options: OwnBrokerOptions = {}): Promise<EmbeddedBroker> {
  const { users = [], vhosts = [], consumerTimeoutMs } = options;
  const all = users.length > 0 ? [{ name: "guest", password: "guest" }, ...users] : [];
  return await EmbeddedBroker.start(EMBEDDED_COMMAND!, [
    ...all.flatMap((user) => ["--user", Object.values(user).join(":")]),
    ...vhosts.flatMap((vhost) => ["--vhost", vhost]),
    ...(consumerTimeoutMs ? ["--consumer-timeout", `${consumerTimeoutMs}ms`] : []),
  ]);
}
