"""What tests/foreign/foreign_client.ts asks of a client, with aio-pika: TASK URL ARGUMENTS...

The last line printed is the answer, as JSON.
"""
import asyncio
import json
import sys

from aio_pika import DeliveryMode, Message, connect, connect_robust
from aio_pika.exceptions import ChannelClosed, DeliveryError


async def publish(channel, queue, body):
    """Returns after the confirm; raises when it is a nack or the message is returned."""
    message = Message(body.encode(), delivery_mode=DeliveryMode.PERSISTENT)
    await channel.default_exchange.publish(message, queue, mandatory=True)


async def consume(queue, count):
    received = []
    async with queue.iterator() as messages:
        async for message in messages:
            received.append(message.body.decode())
            await message.ack()
            if len(received) == count:
                return received


async def work(url, name, *bodies):
    async with await connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        queue = await channel.declare_queue(name, durable=True)
        for body in bodies:
            await publish(channel, name, body)
        ready = await channel.declare_queue(name, passive=True)
        received = await consume(queue, len(bodies))
        left = await channel.declare_queue(name, passive=True)
        return {
            "ready": ready.declaration_result.message_count,
            "received": received,
            "left": left.declaration_result.message_count,
        }


async def nack(url, name, dead_letter_queue):
    async with await connect(url) as connection:
        channel = await connection.channel()
        dead_letters = await channel.declare_queue(dead_letter_queue, durable=True)
        queue = await channel.declare_queue(name, durable=True, arguments={
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead_letter_queue,
        })
        await publish(channel, name, "bad")
        redelivered = []
        async with queue.iterator() as messages:
            async for message in messages:
                redelivered.append(message.redelivered)
                await message.nack(requeue=not message.redelivered)
                if message.redelivered:
                    break
        async with dead_letters.iterator() as messages:
            async for message in messages:
                await message.ack()
                reason = message.headers["x-death"][0]["reason"]
                return {"redelivered": redelivered, "dead": [message.body.decode(), reason]}


async def errors(url, name, missing_queue):
    async with await connect(url) as connection:
        names = []
        await (await connection.channel()).declare_queue(name, durable=True)
        for refused in (
            lambda channel: channel.declare_queue(name, durable=False),
            lambda channel: channel.get_queue(missing_queue, ensure=True),
        ):
            try:
                await refused(await connection.channel())
            except ChannelClosed as error:
                names.append(str(error).split(" ")[0])
        try:
            await publish(await connection.channel(on_return_raises=True), missing_queue, "lost")
        except DeliveryError as error:
            names.append(error.message.delivery.reply_text)
        return names


async def outlive(url, name):
    connection = await connect_robust(f"{url}?reconnect_interval=0.05")
    again = asyncio.Event()
    connection.reconnect_callbacks.add(lambda *_: again.set())
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(name, durable=True)
        for body in "abc":
            await publish(channel, name, body)
        print("published")
        await again.wait()  # the connection, its channel and queue are what they were
        await publish(channel, name, "d")
        return await consume(queue, 4)


print(json.dumps(asyncio.run(globals()[sys.argv[1]](*sys.argv[2:]))))
