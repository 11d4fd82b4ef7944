import assert from "node:assert/strict";
import { connect } from "amqplib";
import { brokerList } from "./broker_list.ts";
import { PrivateRabbitMq } from "./private_rabbitmq.ts";

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`a private RabbitMQ keeps url and data across stop and kill [${name}]`, async () => {
    await using node = await PrivateRabbitMq.start({ scripts });
    await node.ctl("add_user", "alice", "secret");
    await declareDurableQueue(node.url);
    await node.stop();
    await node.start();
    assert.equal(await queues(node), "durable\n");
    await node.kill();
    await node.start();
    assert.equal(await queues(node), "durable\n");
    assert.match(await node.ctl("list_users"), /alice/);
  });
}

async function declareDurableQueue(url: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertQueue("durable", { durable: true });
  await connection.close();
}

function queues(node: PrivateRabbitMq): Promise<string> {
  return node.ctl("list_queues", "--no-table-headers", "name");
}
