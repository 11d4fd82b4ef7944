/**
 * What happened in one run of one variant: a task's life and the workers' as events with one clock.
 * Everything that the lab draws or counts is a pure function of it.
 */

/** What became of a task; `task` is its number in the order in which it was sent, from 1. */
export interface TaskEvent {
  /** Milliseconds since the run began. */
  readonly atMs: number;
  readonly kind:
    /** The broker has confirmed it, or without confirms: it was written to the socket. */
    | "sent"
    /** No queue took it. */
    | "returned"
    /** The broker did not take it. */
    | "refused"
    /** Nobody knows whether the broker has it. */
    | "unknown"
    /** It arrived at a worker, */
    | "delivered"
    /** whose work on it began, */
    | "started"
    /** and ended well, */
    | "done"
    /** or not. */
    | "failed"
    | "acked"
    /** Back in its queue; `reason` says why. */
    | "requeued"
    | "retried"
    | "dead"
    /** It waited in the queue for longer than its time to live. */
    | "expired"
    /** In the queue when the run was over, or when its broker was back. */
    | "found"
    /** Nowhere when the run was over, and not done. */
    | "lost";
  readonly task: number;
  readonly worker?: string;
  /** The broker's mark: an earlier delivery was not acknowledged. */
  readonly redelivered?: boolean;
  readonly reason?: string;
}

/** What became of a worker or of the broker. */
export interface StageEvent {
  readonly atMs: number;
  readonly kind:
    | "worker-started"
    | "worker-killed"
    | "worker-stopped"
    | "broker-stopped"
    | "broker-started";
  readonly worker?: string;
}

export type LabEvent = TaskEvent | StageEvent;

export interface RecordedTask {
  /** Its number in the order in which it was sent, from 1. */
  readonly task: number;
  readonly body: string;
  /** A worker had it, or it was found, and nobody had sent it. */
  readonly unexpected?: true;
}

export interface Recording {
  readonly experiment: string;
  /** Which variant of the experiment, for example "prefetch 1". */
  readonly variant: string;
  /** For example "embedded, as RabbitMQ 4.3". */
  readonly broker: string;
  /** The real commands, ready to paste. */
  readonly commands: readonly string[];
  /** How long a dot of a task takes, in ms. */
  readonly dotMs: number;
  /** In the order of their lanes. */
  readonly workers: readonly string[];
  readonly tasks: readonly RecordedTask[];
  /** While the run goes on: what has lasted until now, in ms. */
  readonly untilMs?: number;
  /** In the order of their times. */
  readonly events: readonly LabEvent[];
}

/** Format of the files that `--record` writes. */
const VERSION = 1;

/** A recording as lines of NDJSON: what it is of, then its events. */
export function formatRecording({ events, ...head }: Recording): string {
  const lines = [{ recording: VERSION, ...head }, ...events];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** The file is not what `--record` writes. */
export class NotARecording extends Error {
  override readonly name = "NotARecording";
}

/**
 * Reads what {@linkcode formatRecording} wrote, one recording after the other.
 *
 * @throws {NotARecording}
 */
export function parseRecordings(text: string): Recording[] {
  const recordings: (Recording & { events: LabEvent[] })[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const object = parseLine(line, index + 1);
    if ("recording" in object) {
      const { recording, ...head } = object;
      if (recording !== VERSION) {
        throw new NotARecording(
          `line ${index + 1}: a recording of version ${recording}, not ${VERSION}`,
        );
      }
      recordings.push({ ...head as Omit<Recording, "events">, events: [] });
    } else {
      const current = recordings.at(-1);
      if (current === undefined) {
        throw new NotARecording(
          `line ${index + 1}: an event before the line that says what it is of`,
        );
      }
      current.events.push(object as unknown as LabEvent);
    }
  }
  if (recordings.length === 0) throw new NotARecording("no recording in it");
  return recordings;
}

function parseLine(line: string, number: number): Record<string, unknown> {
  try {
    const object: unknown = JSON.parse(line);
    if (typeof object === "object" && object !== null) return object as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new NotARecording(`line ${number} is no JSON object`);
}

/** Whether the event is of a task. */
export function isTaskEvent(event: LabEvent): event is TaskEvent {
  return "task" in event;
}
