/**
 * Behaviours that the embedded broker lacks on purpose: the behaviour's name, and the reason.
 *
 * They are skipped there and listed in the documentation; everything else that differs is a bug.
 */
const EMBEDDED: Record<string, string> = {
  "a user without rights in a virtual host is refused with 530":
    "permissions are per user, for all virtual hosts",
};

/** What the broker of this name lacks. */
export function deviationsOf(name: string): Readonly<Record<string, string>> {
  return name.startsWith("embedded") ? EMBEDDED : {};
}
