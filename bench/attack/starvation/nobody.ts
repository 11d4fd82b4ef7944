import { setTimeout } from "node:timers/promises";
import { starvation } from "../starvation.ts";

const LASTS_MS = 3_000;

/** What the machine itself makes a client wait. */
export const nobody = starvation({
  name: "nobody",
  sentence: "nobody attacks: what the machine itself makes a client wait",
  attack: () => setTimeout(LASTS_MS),
});
