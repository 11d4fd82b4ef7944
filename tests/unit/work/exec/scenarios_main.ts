// deno-lint-ignore-file no-console -- it prints to the terminal
/** Runs all scenarios in this runtime; one line of JSON for each. */
import { SCENARIOS } from "./scenarios.ts";

for (const [name, run] of Object.entries(SCENARIOS)) {
  const error = await run().then(() => undefined, (error) => error.stack ?? String(error));
  console.log(JSON.stringify({ name, error }));
}
