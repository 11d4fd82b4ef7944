/** pika, the client of RabbitMQ's Python tutorials: see pika_client.py. */
import { foreignClient } from "./foreign_client.ts";
import { missingPackage, pythonClient } from "./python_client.ts";

foreignClient("pika", pythonClient("pika_client.py"), missingPackage("pika", "python3-pika"));
