"""Every line of standard input is a persistent task, each confirmed by the broker.

With IN_FLIGHT 1 each publish waits for its confirm, as in the tutorial; with more, so many
publishes wait together (asyncio.gather), then the next ones.

Usage: aio_pika_send.py URL QUEUE IN_FLIGHT < LINES
"""
import asyncio
import itertools
import sys

import aio_pika


async def main(url, queue, in_flight):
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()  # publisher confirms are on by default
        await channel.declare_queue(queue, durable=True)

        def publish(line):
            message = aio_pika.Message(
                line.rstrip(b"\n"), delivery_mode=aio_pika.DeliveryMode.PERSISTENT
            )
            return channel.default_exchange.publish(message, routing_key=queue)

        if in_flight == 1:
            for line in sys.stdin.buffer:
                await publish(line)
            return
        while lines := list(itertools.islice(sys.stdin.buffer, in_flight)):
            await asyncio.gather(*(publish(line) for line in lines))


url, queue, in_flight = sys.argv[1:]
asyncio.run(main(url, queue, int(in_flight)))
