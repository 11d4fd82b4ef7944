import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** As much of Commander's command as tells what was given. */
export type Given = Pick<CommandUnknownOpts, "getOptionValueSource">;

/** The first of these that stands on the command line, as it is written there. */
export function firstGiven(options: readonly Option[], given: Given): string | undefined {
  return options.find((option) => given.getOptionValueSource(option.attributeName()) === "cli")
    ?.long;
}
