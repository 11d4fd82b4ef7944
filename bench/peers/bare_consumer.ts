// deno-lint-ignore-file no-console -- it prints to the terminal
/**
 * The tutorial's worker in as little code as amqplib allows, ending after COUNT tasks: what the
 * client and the runtime leave to worktool. Compiled as worktool is.
 *
 * Usage: bare_consumer URL QUEUE PREFETCH COUNT
 */
import process from "node:process";
import { connect } from "amqplib";

const [url, queue, prefetch, count] = process.argv.slice(2) as [string, string, string, string];
const connection = await connect(url, { noDelay: true });
const channel = await connection.createChannel();
await channel.assertQueue(queue, { durable: true });
await channel.prefetch(Number(prefetch));
console.log(" [*] Waiting for messages. To exit press CTRL+C");
let left = Number(count);
await channel.consume(queue, async (message) => {
  console.log(` [x] Received '${message!.content}'`);
  console.log(" [x] Done");
  channel.ack(message!);
  if (--left > 0) return;
  await channel.close();
  await connection.close();
});
