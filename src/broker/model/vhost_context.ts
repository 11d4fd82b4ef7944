import type { MemoryGuard } from "../memory_guard.ts";
import type { Churn } from "../churn.ts";
import type { DeadLetterContext } from "./dead_letter_way.ts";
import type { DirectReplies } from "./direct_replies.ts";
import type { DurableStore } from "./durable_store.ts";
import type { Queue } from "./queue.ts";
import type { QueueContext } from "./queue_context.ts";

/** What a virtual host needs of the broker. */
export type VHostContext =
  & Pick<
    QueueContext<Queue>,
    | "release"
    | "consumerTimeoutMs"
    | "now"
    | "nextPosition"
    | "accountMemory"
    | "wakeAt"
    | "discard"
    | "returnLater"
    | "isTurnOver"
  >
  & {
    readonly store: DurableStore | undefined;
    readonly memory: MemoryGuard;
    readonly churn: Churn;
    readonly directReplies: DirectReplies;
  }
  & DeadLetterContext;
