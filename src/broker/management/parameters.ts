import type { Broker } from "../broker.ts";
import { CREATED, NO_CONTENT, NOT_FOUND, type Query, type Route } from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** Global parameters, and lists that are empty because the broker has no such thing. */
export const PARAMETER_ROUTES: readonly Route[] = [
  {
    path: "global-parameters",
    needs: "policymaker",
    get: ({ broker }) => parametersOf(broker),
  },
  {
    path: "global-parameters/*",
    needs: "administrator",
    get: ({ broker, names }) => {
      const name = textOf(names[0]!);
      return parametersOf(broker).find((one) => one.name === name);
    },
    put: ({ broker, names, body }) => {
      body.require("value");
      const isNew = !broker.parameters.has(names[0]!);
      broker.parameters.put(names[0]!, body.values.value);
      return isNew ? CREATED : NO_CONTENT;
    },
    delete: ({ broker, names }: Query) => {
      if (!broker.parameters.has(names[0]!)) return NOT_FOUND;
      broker.parameters.delete(names[0]!);
      return NO_CONTENT;
    },
  },
  { path: "parameters", needs: "policymaker", get: () => [] },
  { path: "parameters/*", needs: "policymaker", get: () => [] },
  { path: "operator-policies", needs: "administrator", get: () => [] },
  { path: "topic-permissions", needs: "administrator", get: () => [] },
  {
    path: "users/*/topic-permissions",
    needs: "administrator",
    get: ({ broker, names }) => broker.users.get(names[0]!) && [],
  },
  {
    path: "vhosts/*/topic-permissions",
    needs: "administrator",
    get: ({ broker, names }) => broker.vhosts.get(names[0]!) && [],
  },
  { path: "vhost-limits", get: () => [] },
  { path: "user-limits", needs: "administrator", get: () => [] },
];

export function parametersOf({ parameters }: Broker) {
  return [...parameters].map(([name, value]) => ({ name: textOf(name), value }));
}
