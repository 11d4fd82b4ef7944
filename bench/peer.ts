import { outputOf } from "./command_output.ts";

/**
 * The other programs, where they are installed: each with the words that its command begins with.
 */
export interface Peers {
  readonly pika?: readonly string[];
  readonly aioPika?: readonly string[];
  readonly amqpPublish?: readonly string[];
  readonly amqpConsume?: readonly string[];
  /** Their versions, one a line. */
  readonly versions: readonly string[];
  /** What to install for the rows that are skipped; nothing is installed here. */
  readonly missing: readonly string[];
}

/** Looked at in this order: a version manager's Python rarely has Debian's packages. */
const PYTHONS = ["python3", "/usr/bin/python3"] as const;

export async function findPeers(): Promise<Peers> {
  const pika = await pythonWith("pika");
  const aioPika = await pythonWith("aio_pika");
  const amqpPublish = await outputOf(["amqp-publish", "--help"]);
  const amqpConsume = await outputOf(["amqp-consume", "--help"]);
  const tools = await outputOf(["dpkg-query", "-W", "-f", "${Version}", "amqp-tools"]);
  return {
    ...(pika ? { pika: [pika.python] } : {}),
    ...(aioPika ? { aioPika: [aioPika.python] } : {}),
    ...(amqpPublish === undefined ? {} : { amqpPublish: ["amqp-publish"] }),
    ...(amqpConsume === undefined ? {} : { amqpConsume: ["amqp-consume"] }),
    versions: [
      ...(pika ? [`pika ${pika.version}`] : []),
      ...(aioPika ? [`aio-pika ${aioPika.version}`] : []),
      ...(amqpPublish === undefined ? [] : [`amqp-tools ${tools ?? "(version unknown)"}`]),
    ],
    missing: [
      ...(pika ? [] : ["pika (Debian: python3-pika)"]),
      ...(aioPika ? [] : ["aio-pika (Debian: python3-aio-pika)"]),
      ...(amqpPublish === undefined ? ["amqp-publish (Debian: amqp-tools)"] : []),
      ...(amqpConsume === undefined ? ["amqp-consume (Debian: amqp-tools)"] : []),
    ],
  };
}

/** The first Python that has a module, and "1.2.0 on Python 3.11.2". */
async function pythonWith(
  module: string,
): Promise<{ python: string; version: string } | undefined> {
  const script = `import ${module}, platform; ` +
    `print(${module}.__version__, "on Python", platform.python_version())`;
  for (const python of PYTHONS) {
    const version = await outputOf([python, "-c", script]);
    if (version !== undefined) return { python, version };
  }
  return undefined;
}
