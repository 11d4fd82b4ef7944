import type { Broker } from "../broker.ts";
import type { User } from "../access/user.ts";
import { textOf } from "./json_fields.ts";
import { type Route, vhostOf } from "./route.ts";

/** Users, their tags and what they may do. Passwords are never told, hashed or not. */
export const USER_ROUTES: readonly Route[] = [
  { path: "whoami", get: ({ asker }) => userView(asker.user) },
  {
    path: "users",
    needs: "administrator",
    get: ({ broker }) => [...broker.users].map(userView),
  },
  {
    path: "users/*",
    needs: "administrator",
    get: ({ broker, names }) => {
      const user = broker.user(names[0]!);
      return user && userView(user);
    },
  },
  {
    path: "users/*/permissions",
    needs: "administrator",
    get: ({ broker, names }) => {
      const user = broker.user(names[0]!);
      return user && permissions(broker, [user]);
    },
  },
  {
    path: "permissions",
    needs: "administrator",
    get: ({ broker }) => permissions(broker, broker.users),
  },
  {
    path: "permissions/*/*",
    needs: "administrator",
    get: ({ broker, names: [vhost, name] }) => {
      const user = broker.user(name!);
      return user && permissions(broker, [user]).find((one) => one.vhost === textOf(vhost!));
    },
  },
  {
    path: "vhosts/*/permissions",
    needs: "administrator",
    get: (query) => {
      const vhost = vhostOf(query);
      return vhost &&
        permissions(query.broker, query.broker.users)
          .filter((one) => one.vhost === textOf(vhost.name));
    },
  },
];

function userView({ name, tags }: User) {
  return { name: textOf(name), tags };
}

/** What each user may do in each virtual host that it may open. */
function permissions(broker: Broker, users: Iterable<User>) {
  return [...users].flatMap((user) =>
    [...broker.vhosts].flatMap(({ name }) => {
      const permission = user.permissionIn(name);
      if (permission === undefined) return [];
      return [{ user: textOf(user.name), vhost: textOf(name), ...permission.patterns }];
    })
  );
}
