import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Delivery } from "../../amqp/delivery.ts";
import type { WorkEvent } from "../work_event.ts";

/** From a script that answers at once to one that works for an hour, in seconds. */
const RUN_TIME_BUCKETS = [0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** What became of a task's attempt. */
const OUTCOMES = ["done", "retried", "dead", "rejected", "recounted", "requeued", "unsettled"];

/** A worker's numbers, kept from its events, as Prometheus reads them. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #running = new Set<Delivery>();
  #consuming = false;
  readonly #tasks = new Counter({
    name: "worktool_tasks_total",
    help: "Attempts at tasks, by what became of them",
    labelNames: ["outcome"],
    registers: [this.#registry],
  });
  readonly #runTime = new Histogram({
    name: "worktool_task_duration_seconds",
    help: "How long the work took, done or failed",
    buckets: RUN_TIME_BUCKETS,
    registers: [this.#registry],
  });
  readonly #reconnects = new Counter({
    name: "worktool_reconnects_total",
    help: "Connections opened after one was lost",
    registers: [this.#registry],
  });
  readonly #lastDelivery = new Gauge({
    name: "worktool_last_delivery_timestamp_seconds",
    help: "When the last task was started, 0 for never",
    registers: [this.#registry],
  });

  /** @param labels on every number: the queue and the worker's name */
  constructor(labels: { readonly queue: string; readonly worker: string }) {
    this.#registry.setDefaultLabels(labels);
    for (const outcome of OUTCOMES) this.#tasks.inc({ outcome }, 0);
    this.#gauge("worktool_tasks_in_flight", "Tasks being worked on", () => this.#running.size);
    this.#gauge(
      "worktool_consuming",
      "1 while tasks can arrive, else 0",
      () => this.#consuming ? 1 : 0,
    );
  }

  /** Whether the worker has a consumer at the broker. */
  get consuming(): boolean {
    return this.#consuming;
  }

  /** What /metrics answers with. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All numbers in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** To be called with every event of the worker, in their order. */
  observe(event: WorkEvent): void {
    switch (event.event) {
      case "waiting":
        this.#consuming = true;
        break;
      case "reconnected":
        this.#consuming = true;
        this.#reconnects.inc();
        break;
      case "reconnecting":
      case "stopped":
        this.#consuming = false;
        break;
      case "received":
        this.#running.add(event.delivery);
        this.#lastDelivery.setToCurrentTime();
        break;
      case "done":
        this.#tasks.inc({ outcome: "done" });
        this.#finished(event);
        break;
      case "failed":
        this.#finished(event);
        break;
      case "retried":
      case "dead":
      case "rejected":
      case "recounted":
      case "requeued":
      case "unsettled":
        this.#tasks.inc({ outcome: event.event });
        this.#running.delete(event.delivery);
    }
  }

  #finished({ delivery, elapsedMs }: { delivery: Delivery; elapsedMs: number }): void {
    this.#running.delete(delivery);
    this.#runTime.observe(elapsedMs / 1_000);
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(value());
      },
    });
  }
}
