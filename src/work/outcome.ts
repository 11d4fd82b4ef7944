import type { Delivery } from "../amqp/delivery.ts";
import type { Failure } from "../retry/failure.ts";

/** What came of a task's work, and so what becomes of the task. */
export type Outcome =
  /** It is acknowledged. */
  | { readonly kind: "done" }
  | {
    readonly kind:
      /** Tried again later, unless it had all its attempts. */
      | "retry"
      /** Put into the dead-letter queue at once. */
      | "dead"
      /** `basic.reject` without requeue: what the queue itself is set up to do with it. */
      | "reject"
      /** No task can be worked on: given back untouched, and the worker stops. */
      | "stop";
    readonly failure: Failure;
  };

/** What a handler gets beside the delivery. */
export interface HandlerContext {
  /** From 1. */
  readonly attempt: number;
  /** Fires when the work must end at once; the task then goes back to the queue. */
  readonly abort: AbortSignal;
}

/** Does one task's work; rejects when `abort` fires before it is finished. */
export type Handler = (delivery: Delivery, context: HandlerContext) => Promise<Outcome>;

/** No task can be worked on: the command is missing, or cannot be run. */
export class CommandUnusable extends Error {
  override readonly name = "CommandUnusable";

  /** Whether it showed at a task, which went back to the queue; else no task was taken. */
  readonly taskTaken: boolean;

  constructor(readonly failure: Failure, { taskTaken }: { readonly taskTaken: boolean }) {
    super(failure.reason);
    this.taskTaken = taskTaken;
  }
}
