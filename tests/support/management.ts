import { BrokerProcess } from "./broker_process.ts";
import { freePorts } from "./free_ports.ts";
import { PrivateRabbitMq } from "./private_rabbitmq.ts";

/** A broker that is asked by HTTP. */
export interface AskedBroker extends AsyncDisposable {
  readonly url: string;
  /** Of the management API, with a slash at its end. */
  readonly management: string;
  /** Of its metrics for Prometheus, with a slash at its end. */
  readonly prometheus: string;
}

/** The embedded broker, in memory, on free ports. */
export async function askedWorktool(...flags: string[]): Promise<AskedBroker> {
  const broker = await BrokerProcess.startInMemory(["--http", "0", ...flags]);
  const management = await broker.management();
  return {
    url: broker.url,
    management,
    prometheus: management,
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

/** A node of RabbitMQ with its plug-ins for the management API and for Prometheus. */
export async function askedRabbitMq(scripts: string): Promise<AskedBroker> {
  const [management, prometheus] = await freePorts(2);
  const node = await PrivateRabbitMq.start({
    scripts,
    plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
    config: [
      `management.tcp.port = ${management}`,
      "management.tcp.ip = 127.0.0.1",
      `prometheus.tcp.port = ${prometheus}`,
      "prometheus.tcp.ip = 127.0.0.1",
      "collect_statistics_interval = 500",
    ],
  });
  return {
    url: node.url,
    management: `http://127.0.0.1:${management}/`,
    prometheus: `http://127.0.0.1:${prometheus}/`,
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

/** Asks the management API as guest. @throws where it does not answer with 200 */
// deno-lint-ignore no-explicit-any -- JSON
export async function askManagement(broker: AskedBroker, path: string): Promise<any> {
  const { status, body } = await requestManagement(broker, ["GET", path]);
  if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** What a management API answers. */
export interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- JSON
  readonly body: any;
}

/** Asks the management API for anything. @param options.login `user:password`, else guest's */
export async function requestManagement(
  { management }: Pick<AskedBroker, "management">,
  [method, path]: readonly [method: string, path: string],
  { body, login = "guest:guest" }: { body?: unknown; login?: string } = {},
): Promise<Answer> {
  const answer = await fetch(`${management}api/${path}`, {
    method,
    headers: { authorization: `Basic ${btoa(login)}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
}
