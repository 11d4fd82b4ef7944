import { Buffer } from "node:buffer";
import type { Fields } from "../../tests/support/amqp_wire.ts";
import { markdownTable, type Section } from "../section.ts";
import { encodeCall, encodePublish, RawConnection } from "./raw_connection.ts";
import type { Rival, Rivals } from "./rivals.ts";

/** Publishes in the first batch; each batch is twice as large as the one before, up to a limit. */
const FIRST_BATCH = 100;
const LARGEST_BATCH = 10_000;
/** So long publishes go on, in ms, and one batch at least. */
const PUBLISH_MS = 500;
/** A publish may cost so many times more among the most bindings than among the fewest. */
const MOST_GROWTH = 3;

interface Kind {
  readonly type: "direct" | "topic" | "headers" | "fanout";
  readonly title: string;
  readonly binding: (at: number) => { routingKey: string; arguments?: Fields };
  /** What takes the binding's way, and no other's; `turn` makes every key a new one. */
  readonly publish: (at: number, turn: number) => { routingKey: string; headers?: Fields };
  /** Every message takes every binding, so it must cost more. */
  readonly grows?: true;
}

const fields = (at: number) =>
  Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, `${name}${at}`]));

const KINDS: readonly Kind[] = [
  {
    type: "direct",
    title: "direct",
    binding: (at) => ({ routingKey: `key.${at}` }),
    publish: (at) => ({ routingKey: `key.${at}` }),
  },
  {
    type: "topic",
    title: "topic, *.N.#",
    binding: (at) => ({ routingKey: `*.${at}.#` }),
    publish: (at, turn) => ({ routingKey: `${turn}.${at}.x` }),
  },
  {
    type: "topic",
    title: "topic, #.N.#",
    binding: (at) => ({ routingKey: `#.n${at}.#` }),
    publish: (at, turn) => ({ routingKey: `${turn}.n${at}.x` }),
  },
  {
    type: "headers",
    title: "headers, 5 of 5",
    binding: (at) => ({ routingKey: "", arguments: fields(at) }),
    publish: (at) => ({ routingKey: "", headers: fields(at) }),
  },
  {
    type: "fanout",
    title: "fanout",
    binding: (at) => ({ routingKey: `${at}` }),
    publish: () => ({ routingKey: "" }),
    grows: true,
  },
];

/** What bindings cost one by one, in µs, and their queue's end, in ms. */
interface Cost {
  readonly bindUs: number;
  readonly publishUs: number;
  readonly deleteMs: number;
}

/** What an exchange costs as its bindings become more. */
export async function bindingGrowth(
  rivals: Rivals,
  { quick, stop }: { readonly quick: boolean; readonly stop: AbortSignal },
): Promise<Section> {
  const counts = quick ? [10, 100] : [10, 100, 1_000, 10_000];
  const rows: string[][] = [];
  const verdicts = [];
  for (const kind of KINDS) {
    const own: Cost[] = [];
    await costOf(rivals[0], kind, counts[0]!); // the first one pays for the compiler
    for (const count of counts) {
      const costs: Cost[] = [];
      for (const rival of rivals) {
        stop.throwIfAborted();
        costs.push(await costOf(rival, kind, count));
      }
      own.push(costs[0]!);
      rows.push([kind.title, count.toLocaleString("en"), ...cellsOf(costs[0]!, costs[1]!)]);
    }
    if (kind.grows) continue;
    const growth = own.at(-1)!.publishUs / own[0]!.publishUs;
    verdicts.push({
      text: `Embedded broker, ${kind.title}: a publish among ` +
        `${counts.at(-1)!.toLocaleString("en")} bindings costs at most ${MOST_GROWTH} × that ` +
        `among ${counts[0]}; measured ${growth.toFixed(2)} ×`,
      met: growth <= MOST_GROWTH,
    });
  }
  const header = ["", "bindings"];
  for (const what of ["bind", "publish", "queue.delete"]) {
    header.push(what, rivals[1].name, "ratio");
  }
  return {
    markdown: "### Embedded broker, bindings of one durable exchange to one durable queue\n\n" +
      `${markdownTable(header, rows)}\n`,
    verdicts,
  };
}

function cellsOf(own: Cost, peer: Cost): string[] {
  const pairs = [
    [own.bindUs, peer.bindUs, "µs"],
    [own.publishUs, peer.publishUs, "µs"],
    [own.deleteMs, peer.deleteMs, "ms"],
  ] as const;
  return pairs.flatMap(([a, b, unit]) => [
    `${format(a)} ${unit}`,
    `${format(b)} ${unit}`,
    `${(b / a).toFixed(1)} ×`,
  ]);
}

function format(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}

/** Binds, publishes and deletes; each ends with an answer that comes after all of it. */
async function costOf({ url }: Rival, kind: Kind, count: number): Promise<Cost> {
  await using connection = await RawConnection.open(url);
  const name = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const [exchange, queue] = [name, name];
  await connection.call("exchange.declare", { exchange, type: kind.type, durable: true });
  await connection.call("queue.declare", { queue, durable: true });
  const bindings = Array.from({ length: count }, (_, at) => {
    return encodeCall("queue.bind", { queue, exchange, ...kind.binding(at), noWait: true });
  });
  const bindMs = await timed(() => writeAll(connection, bindings));
  let published = 0;
  let publishMs = 0;
  for (
    let size = FIRST_BATCH;
    publishMs < PUBLISH_MS;
    size = Math.min(2 * size, LARGEST_BATCH)
  ) {
    const batch = Array.from({ length: size }, () => {
      // Spread over all bindings, whatever their number.
      const { routingKey, headers } = kind.publish(published * 7_919 % count, published++);
      const options = { persistent: false, exchange, ...headers && { headers } };
      return encodePublish(routingKey, Buffer.from("x"), options);
    });
    publishMs += await timed(() => writeAll(connection, batch));
  }
  await requireLength(connection, queue, published);
  await connection.call("queue.purge", { queue });
  const deleteMs = await timed(() => connection.call("queue.delete", { queue }));
  await connection.call("exchange.delete", { exchange });
  return {
    bindUs: bindMs / count * 1_000,
    publishUs: publishMs / published * 1_000,
    deleteMs,
  };
}

/** RabbitMQ may still be on its way from the channel to the queue. */
async function requireLength(connection: RawConnection, queue: string, due: number): Promise<void> {
  let found: unknown;
  for (let tries = 0; tries < 100; tries++) {
    found = (await connection.call("queue.declare", { queue, passive: true })).messageCount;
    if (found === due) return;
  }
  throw new Error(`${found} messages of ${due} are there`);
}

async function writeAll(connection: RawConnection, frames: readonly Buffer[]): Promise<void> {
  connection.write(Buffer.concat(frames));
  await connection.call("basic.qos");
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await body();
  return performance.now() - startedAtMs;
}
