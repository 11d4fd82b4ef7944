/**
 * Behaviours that a broker lacks on purpose: its name, the behaviour's name, and the reason.
 *
 * They are skipped there and listed in the documentation; everything else that differs is a bug.
 */
export const deviations: Record<string, Record<string, string>> = {
  RabbitMQ: {},
  embedded: {
    "a user without rights in a virtual host is refused with 530":
      "permissions are per user, for all virtual hosts",
  },
};
