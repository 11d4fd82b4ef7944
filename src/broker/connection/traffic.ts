import type { Figures, Sampled } from "../sampler.ts";

/** What went through the socket of a connection. */
export class Traffic implements Sampled {
  receivedBytes = 0;
  /** How often something was read. */
  received = 0;
  sentBytes = 0;
  /** How often something was written. */
  sent = 0;

  read(bytes: number): void {
    this.receivedBytes += bytes;
    this.received++;
  }

  wrote(bytes: number): void {
    this.sentBytes += bytes;
    this.sent++;
  }

  figures(): Figures {
    return { receivedBytes: this.receivedBytes, sentBytes: this.sentBytes };
  }
}
