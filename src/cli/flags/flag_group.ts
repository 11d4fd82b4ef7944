import { Command, type OptionValues } from "@commander-js/extra-typings";

/**
 * A named group of flags, which a command takes as a whole: a heading of its help, and a part of
 * the type of its flags.
 */
export function flagGroup(heading: string) {
  return new Command().optionsGroup(`${heading}:`);
}

/** The flags of a group or of a command as they are read. */
export type FlagsOf<Flags extends (...args: never[]) => { opts(): unknown }> = ReturnType<
  ReturnType<Flags>["opts"]
>;

type Together<Groups extends readonly OptionValues[]> = Groups extends
  readonly [infer First extends OptionValues, ...infer Others extends readonly OptionValues[]]
  ? First & Together<Others>
  : OptionValuesOfNone;

// deno-lint-ignore ban-types -- as Commander declares a command without options
type OptionValuesOfNone = {};

/** The command with the flags of all groups, in this order. */
// deno-lint-ignore no-explicit-any -- as Commander declares arguments
export function withFlags<Args extends any[], Groups extends OptionValues[]>(
  command: Command<Args>,
  ...groups: { [Group in keyof Groups]: Command<[], Groups[Group]> }
): Command<Args, Together<Groups>> {
  for (const { options } of groups) {
    for (const option of options) command.addOption(option);
  }
  return command as unknown as Command<Args, Together<Groups>>;
}
