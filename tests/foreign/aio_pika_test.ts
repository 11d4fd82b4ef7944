/** aio-pika, with its connection that reconnects by itself: see aio_pika_client.py. */
import { foreignClient } from "./foreign_client.ts";
import { missingPackage, pythonClient } from "./python_client.ts";

foreignClient(
  "aio-pika",
  pythonClient("aio_pika_client.py"),
  missingPackage("aio_pika", "python3-aio-pika"),
);
