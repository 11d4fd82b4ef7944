"""One persistent task to a durable queue: the tutorial's new_task.py.

Usage: pika_send.py URL QUEUE WORDS...
"""
import sys

import pika

url, queue, *words = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.queue_declare(queue=queue, durable=True)
message = " ".join(words) or "Hello World!"
channel.basic_publish(
    exchange="",
    routing_key=queue,
    body=message,
    properties=pika.BasicProperties(delivery_mode=2),
)
print(f" [x] Sent {message}")
connection.close()
