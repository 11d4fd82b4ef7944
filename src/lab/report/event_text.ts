import type { LabEvent } from "../recording.ts";

/** What happened, in words, without the time. */
export function eventText(event: LabEvent): string {
  const worker = event.worker ?? "a worker";
  switch (event.kind) {
    case "worker-started":
      return `${worker} is there`;
    case "worker-killed":
      return `${worker} is killed`;
    case "worker-stopped":
      return `${worker} stops`;
    case "broker-stopped":
      return "the broker goes";
    case "broker-started":
      return "the broker is back";
  }
  const task = `task ${event.task}`;
  const why = event.reason ? ` (${event.reason})` : "";
  switch (event.kind) {
    case "sent":
      return `${task} is sent`;
    case "returned":
      return `${task} is returned: no queue takes it${why}`;
    case "refused":
      return `${task} is refused by the broker${why}`;
    case "unknown":
      return `${task}: does the broker have it? Nobody knows${why}`;
    case "delivered":
      return `${task} → ${worker}${event.redelivered ? ", again" : ""}`;
    case "started":
      return `${worker} begins ${task}`;
    case "done":
      return `${worker} has done ${task}`;
    case "failed":
      return `${worker} fails at ${task}${why}`;
    case "acked":
      return `${worker} acknowledges ${task}`;
    case "requeued":
      return `${task} → queue${why}`;
    case "retried":
      return `${task} waits for its next try${why}`;
    case "dead":
      return `${task} → dead letters${why}`;
    case "expired":
      return `${task} expires in the queue`;
    case "found":
      return `${task} is found in the queue`;
    case "lost":
      return `${task} is lost${why}`;
  }
}
