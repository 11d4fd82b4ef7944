"""What tests/foreign/foreign_client.ts asks of a client, with pika: TASK URL ARGUMENTS...

The last line printed is the answer, as JSON.
"""
import json
import sys

import pika
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker, UnroutableError

PERSISTENT = pika.BasicProperties(delivery_mode=2)


def connect(url):
    return pika.BlockingConnection(pika.URLParameters(url))


def confirm_channel(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    return channel


def publish(channel, queue, body):
    """Returns after the confirm; raises when it is a nack or the message is returned."""
    channel.basic_publish("", queue, body.encode(), PERSISTENT, mandatory=True)


def ready(channel, queue):
    return channel.queue_declare(queue, passive=True).method.message_count


def consume(channel, queue, count):
    received = []
    for method, _, body in channel.consume(queue):
        received.append(body.decode())
        channel.basic_ack(method.delivery_tag)
        if len(received) == count:
            channel.cancel()
            return received


def work(url, queue, *bodies):
    with connect(url) as connection:
        channel = confirm_channel(connection)
        channel.queue_declare(queue, durable=True)
        for body in bodies:
            publish(channel, queue, body)
        count = ready(channel, queue)
        received = consume(channel, queue, len(bodies))
        return {"ready": count, "received": received, "left": ready(channel, queue)}


def nack(url, queue, dead_letter_queue):
    with connect(url) as connection:
        channel = confirm_channel(connection)
        channel.queue_declare(dead_letter_queue, durable=True)
        channel.queue_declare(queue, durable=True, arguments={
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead_letter_queue,
        })
        publish(channel, queue, "bad")
        redelivered = []
        for method, _, _ in channel.consume(queue):
            redelivered.append(method.redelivered)
            channel.basic_nack(method.delivery_tag, requeue=not method.redelivered)
            if method.redelivered:
                channel.cancel()
                break
        for method, properties, body in channel.consume(dead_letter_queue):
            channel.basic_ack(method.delivery_tag)
            channel.cancel()
            reason = properties.headers["x-death"][0]["reason"]
            return {"redelivered": redelivered, "dead": [body.decode(), reason]}


def errors(url, queue, missing_queue):
    with connect(url) as connection:
        names = []
        connection.channel().queue_declare(queue, durable=True)
        for refused in (
            lambda channel: channel.queue_declare(queue, durable=False),
            lambda channel: channel.basic_get(missing_queue),
        ):
            try:
                refused(connection.channel())
            except ChannelClosedByBroker as error:
                names.append(error.reply_text.split(" ")[0])
        try:
            publish(confirm_channel(connection), missing_queue, "lost")
        except UnroutableError as error:
            names.append(error.messages[0].method.reply_text)
        return names


def outlive(url, queue):
    connection = connect(url)
    channel = confirm_channel(connection)
    channel.queue_declare(queue, durable=True)
    for body in "abc":
        publish(channel, queue, body)
    print("published")
    try:
        while True:
            connection.process_data_events(time_limit=None)
    except AMQPConnectionError as error:
        assert "CONNECTION_FORCED" in str(error), error
    again = pika.URLParameters(url)
    again.connection_attempts, again.retry_delay = 200, 0.05
    with pika.BlockingConnection(again) as connection:
        channel = confirm_channel(connection)
        publish(channel, queue, "d")
        return consume(channel, queue, 4)


print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
