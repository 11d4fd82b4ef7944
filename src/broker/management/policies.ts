import { checkPolicy, type PolicyProposal } from "../model/check_policy.ts";
import { InvalidPolicy, type NamedPolicy } from "../model/policy.ts";
import type { VHost } from "../model/vhost.ts";
import { badRequest } from "./api_error.ts";
import {
  type Change,
  CREATED,
  NO_CONTENT,
  NOT_FOUND,
  type Query,
  requiredVHost,
  type Route,
  vhostOf,
} from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** Policies of virtual hosts. */
export const POLICY_ROUTES: readonly Route[] = [
  { path: "policies", get: ({ asker }) => asker.vhosts().flatMap(policiesOf) },
  {
    path: "policies/*",
    get: (query) => {
      const vhost = vhostOf(query);
      return vhost && policiesOf(vhost);
    },
  },
  {
    path: "policies/*/*",
    needs: "policymaker",
    get: (query) => {
      const vhost = vhostOf(query);
      const policy = vhost?.policies.get(query.names[1]!);
      return policy && policyView(vhost!, policy);
    },
    put: putPolicy,
    delete: deletePolicy,
  },
];

export function policiesOf(vhost: VHost) {
  return [...vhost.policies].map((policy) => policyView(vhost, policy));
}

function policyView(vhost: VHost, { name, pattern, applyTo, definition, priority }: NamedPolicy) {
  return {
    vhost: textOf(vhost.name),
    name: textOf(name),
    pattern,
    "apply-to": applyTo,
    definition,
    priority,
  };
}

function putPolicy(change: Change) {
  const { broker, body, names } = change;
  const { policies } = requiredVHost(change);
  body.require("pattern", "definition");
  const name = names[1]!;
  const isNew = policies.get(name) === undefined;
  try {
    policies.put(name, checkPolicy(proposalOf(body.values), broker.release));
  } catch (error) {
    if (!(error instanceof InvalidPolicy)) throw error;
    throw badRequest(`Validation failed\n\n${error.message}\n`);
  }
  return isNew ? CREATED : NO_CONTENT;
}

/** What a request or an export says of a policy. */
export function proposalOf(values: Readonly<Record<string, unknown>>): PolicyProposal {
  const { pattern, definition, priority = 0, "apply-to": applyTo = "all" } = values;
  return { pattern, definition, priority, applyTo };
}

function deletePolicy(query: Query) {
  const policies = vhostOf(query)?.policies;
  const name = query.names[1]!;
  if (policies?.get(name) === undefined) return NOT_FOUND;
  policies.delete(name);
  return NO_CONTENT;
}
