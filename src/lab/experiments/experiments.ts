import type { Experiment } from "../experiment.ts";
import { acknowledgment } from "./acknowledgment.ts";
import { confirms } from "./confirms.ts";
import { consumerTimeout } from "./consumer_timeout.ts";
import { durability } from "./durability.ts";
import { fairDispatch } from "./fair_dispatch.ts";
import { forgottenAck } from "./forgotten_ack.ts";
import { price } from "./price.ts";
import { queueSize } from "./queue_size.ts";
import { redeclare } from "./redeclare.ts";
import { releases } from "./releases.ts";
import { roundRobin } from "./round_robin.ts";

/** In the order of the tutorial, ours last. */
export const EXPERIMENTS: readonly Experiment[] = [
  roundRobin,
  acknowledgment,
  forgottenAck,
  durability,
  confirms,
  fairDispatch,
  queueSize,
  redeclare,
  consumerTimeout,
  price,
  releases,
];
