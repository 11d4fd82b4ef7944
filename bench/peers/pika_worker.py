"""Works on tasks, one second a dot: the tutorial's worker.py, ending after COUNT tasks.

Usage: pika_worker.py URL QUEUE PREFETCH COUNT
"""
import sys
import time

import pika

url, queue, prefetch, count = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
channel.queue_declare(queue=queue, durable=True)
print(" [*] Waiting for messages. To exit press CTRL+C")
left = int(count)


def callback(ch, method, properties, body):
    global left
    print(f" [x] Received {body.decode()}")
    time.sleep(body.count(b"."))
    print(" [x] Done")
    ch.basic_ack(delivery_tag=method.delivery_tag)
    left -= 1
    if left == 0:
        ch.stop_consuming()


channel.basic_qos(prefetch_count=int(prefetch))
channel.basic_consume(queue=queue, on_message_callback=callback)
channel.start_consuming()
connection.close()
