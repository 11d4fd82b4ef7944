"""Runs a program of the tutorial on another broker, with another queue: PROGRAM URL QUEUE ERA ARGUMENTS...

The program's text stays as the tutorial prints it. ERA is "classic", or "quorum" for the declaration that
the tutorial has had since March 2026.
"""
import sys

import pika

program, url, queue, era, *arguments = sys.argv[1:]
source = open(program).read().replace("'task_queue'", repr(queue))
if era == "quorum":
    source = source.replace(
        "durable=True)", "durable=True, arguments={'x-queue-type': 'quorum'})")
if not hasattr(pika, "DeliveryMode"):  # before pika 1.3
    pika.DeliveryMode = type("DeliveryMode", (), {"Persistent": 2})
pika.ConnectionParameters = lambda host: pika.URLParameters(url)
sys.argv = [program, *arguments]
exec(compile(source, program, "exec"))
