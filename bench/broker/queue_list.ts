import { Buffer } from "node:buffer";
import { setTimeout } from "node:timers/promises";
import { freePorts } from "../../tests/support/free_ports.ts";
import { PrivateRabbitMq } from "../../tests/support/private_rabbitmq.ts";
import { brokerVersion } from "../scratch_queue.ts";
import { formatMegabytes, formatMs, markdownTable, type Section } from "../section.ts";
import { spreadOf } from "../statistics.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { encodePublish, RawConnection } from "./raw_connection.ts";

/** Where Debian has RabbitMQ's scripts; the first of the folders that tests are told of. */
const SCRIPTS = Deno.env.get("WORKTOOL_TEST_RABBITMQ_SCRIPTS")?.split(",")[0] ??
  "/usr/lib/rabbitmq/bin";

/** How often and how long to look until a broker tells of all queues, in milliseconds. */
const LOOK_MS = 500;
const TOLD_TIMEOUT_MS = 120_000;

interface Asked {
  readonly name: string;
  readonly url: string;
  /** Of all queues. */
  readonly address: string;
}

/** `GET /api/queues` with very many queues, each with a message: side by side, in turn. */
export async function queueList(
  worktool: string,
  { quick, stop }: { readonly quick: boolean; readonly stop: AbortSignal },
): Promise<Section> {
  const queues = quick ? 300 : 10_000;
  const rounds = quick ? 3 : 7;
  const title = `### ${queues.toLocaleString("en")} queues over the management API\n\n`;
  if (!await Deno.stat(`${SCRIPTS}/rabbitmq-server`).catch(() => undefined)) {
    return { markdown: `${title}Skipped: there is no ${SCRIPTS}/rabbitmq-server.\n`, verdicts: [] };
  }
  const [ownPort, theirPort] = await freePorts(2);
  await using broker = await EmbeddedBroker.start(worktool, ["--http", `127.0.0.1:${ownPort}`]);
  await using node = await PrivateRabbitMq.start({
    scripts: SCRIPTS,
    plugins: ["rabbitmq_management"],
    config: [`management.tcp.port = ${theirPort}`, "management.tcp.ip = 127.0.0.1"],
  });
  const rivals = [
    { name: "embedded", url: broker.url, address: addressAt(ownPort!) },
    { name: await brokerVersion(node.url), url: node.url, address: addressAt(theirPort!) },
  ] as const satisfies Asked[];
  for (const rival of rivals) await fill(rival, queues, stop);

  const times = new Map<Asked, number[]>(rivals.map((rival) => [rival, []]));
  const octets = new Map<Asked, number>();
  for (let round = 0; round <= rounds; round++) {
    for (const rival of rivals) {
      stop.throwIfAborted();
      const startedAtMs = performance.now();
      const { byteLength } = await ask(rival.address);
      if (round > 0) times.get(rival)!.push(performance.now() - startedAtMs); // not the first
      octets.set(rival, byteLength);
    }
  }
  const spreads = rivals.map((rival) => spreadOf(times.get(rival)!));
  const [own, theirs] = spreads.map(({ median }) => median) as [number, number];
  const rows = rivals.map((rival, n) => {
    const { median, min, max } = spreads[n]!;
    return [
      rival.name,
      String(rounds),
      formatMs(median),
      `${formatMs(min)} … ${formatMs(max)}`,
      formatMegabytes(octets.get(rival)!),
      n === 0 ? "" : `${(own / theirs).toFixed(2)} ×`,
    ];
  });
  const header = ["", "runs", "median", "min … max", "answer", "embedded's time"];
  return {
    markdown: `${title}${markdownTable(header, rows)}\n`,
    verdicts: [{
      text: `Embedded broker, /api/queues with ${queues.toLocaleString("en")} queues: time at ` +
        `most 1 × ${rivals[1].name}; measured ${(own / theirs).toFixed(2)} ×`,
      met: own <= theirs,
    }],
  };
}

function addressAt(port: number): string {
  return `http://127.0.0.1:${port}/api/queues`;
}

async function ask(address: string): Promise<ArrayBuffer> {
  const headers = { authorization: `Basic ${btoa("guest:guest")}` };
  const answer = await fetch(address, { headers });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return await answer.arrayBuffer();
}

/** Declares the queues, and waits until all are told with what has happened to them. */
async function fill({ url, address, name }: Asked, queues: number, stop: AbortSignal) {
  await using connection = await RawConnection.open(url);
  for (let n = 0; n < queues; n++) {
    const queue = `bench-${n}`;
    await connection.call("queue.declare", { queue });
    connection.write(encodePublish(queue, Buffer.from("task"), { persistent: false }));
  }
  const deadlineMs = performance.now() + TOLD_TIMEOUT_MS;
  for (;;) {
    stop.throwIfAborted();
    const told = new TextDecoder().decode(await ask(`${address}?columns=message_stats.publish`));
    const counted = told.split('"publish":1').length - 1;
    if (counted === queues) return;
    if (performance.now() > deadlineMs) throw new Error(`${name} tells of ${counted} queues`);
    await setTimeout(LOOK_MS);
  }
}
