import type { User } from "../access/user.ts";
import { badRequest } from "./api_error.ts";
import { closeConnections } from "./close_connections.ts";
import { type Change, CREATED, NO_CONTENT, NOT_FOUND, type Query, type Route } from "./route.ts";
import { identityOf } from "./user_input.ts";
import { octetsOf, textOf } from "../wire/octets.ts";

/** Users: who they are, and their tags. */
export const USER_ROUTES: readonly Route[] = [
  { path: "whoami", get: ({ asker: { user } }) => ({ name: textOf(user.name), tags: user.tags }) },
  {
    path: "users",
    needs: "administrator",
    get: ({ broker }) => [...broker.users].map(userView),
  },
  {
    path: "users/without-permissions",
    needs: "administrator",
    get: ({ broker }) =>
      [...broker.users].filter((user) => ![...broker.vhosts].some(({ name }) => user.mayOpen(name)))
        .map(userView),
  },
  { path: "users/bulk-delete", needs: "administrator", post: deleteUsers },
  {
    path: "users/*",
    needs: "administrator",
    get: (query) => {
      const user = userOf(query);
      return user && userView(user);
    },
    put: ({ broker, names, body }) => {
      const isNew = broker.users.get(names[0]!) === undefined;
      broker.users.put(names[0]!, identityOf(body.values));
      return isNew ? CREATED : NO_CONTENT;
    },
    delete: (query) => {
      const user = userOf(query);
      if (user === undefined) return NOT_FOUND;
      deleteUser(query, user);
      return NO_CONTENT;
    },
  },
];

function userOf({ broker, names }: Query): User | undefined {
  return broker.users.get(names[0]!);
}

/** A user as RabbitMQ tells it, and as it is exported. */
export function userView({ name, state: { password, tags } }: User) {
  return {
    name: textOf(name),
    password_hash: password?.text ?? "",
    hashing_algorithm: password?.algorithm ?? "rabbit_password_hashing_sha256",
    tags,
    limits: {},
  };
}

/** RabbitMQ 4 passes over who is not there; 3.10 ends there. */
function deleteUsers(change: Change) {
  const { broker, body } = change;
  body.require("users");
  const { users: names } = body.values;
  if (!Array.isArray(names)) throw badRequest(["not_list", names]);
  for (const name of names) {
    const user = broker.users.get(octetsOf(`${name}`));
    if (user !== undefined) deleteUser(change, user);
    else if (broker.release.name === "3.10") throw badRequest(["no_such_user", name]);
  }
  return NO_CONTENT;
}

function deleteUser({ broker }: Query, user: User): void {
  broker.users.delete(user);
  closeConnections(broker, ({ client }) => client.user === user, `user '${user.name}' is deleted`);
}
