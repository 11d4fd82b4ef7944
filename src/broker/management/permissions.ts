import type { User } from "../access/user.ts";
import { Permission } from "../access/permission.ts";
import type { Broker } from "../broker.ts";
import { badRequest } from "./api_error.ts";
import { type Change, CREATED, NO_CONTENT, NOT_FOUND, type Query, type Route } from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** What users may do in virtual hosts. */
export const PERMISSION_ROUTES: readonly Route[] = [
  {
    path: "permissions",
    needs: "administrator",
    get: ({ broker }) => permissionsOf(broker, broker.users),
  },
  {
    path: "permissions/*/*",
    needs: "administrator",
    get: (query) => {
      const place = placeOf(query);
      return place &&
        permissionsOf(query.broker, [place.user])
          .find(({ vhost }) => vhost === textOf(place.vhost));
    },
    put: permit,
    delete: (query) => {
      const place = placeOf(query);
      if (!place?.user.mayOpen(place.vhost)) return NOT_FOUND;
      query.broker.users.deny(place.user, place.vhost);
      return NO_CONTENT;
    },
  },
  {
    path: "users/*/permissions",
    needs: "administrator",
    get: ({ broker, names }) => {
      const user = broker.users.get(names[0]!);
      return user && permissionsOf(broker, [user]);
    },
  },
  {
    path: "vhosts/*/permissions",
    needs: "administrator",
    get: ({ broker, names }) => {
      const vhost = broker.vhosts.get(names[0]!);
      return vhost &&
        permissionsOf(broker, broker.users).filter((one) => one.vhost === textOf(vhost.name));
    },
  },
];

function placeOf({ broker, names }: Query): { user: User; vhost: string } | undefined {
  const [vhost, name] = names;
  const user = broker.users.get(name!);
  return user && broker.vhosts.get(vhost!) && { user, vhost: vhost! };
}

function permit(change: Change) {
  const { broker, body } = change;
  body.require("configure", "write", "read");
  const place = placeOf(change);
  if (place === undefined) throw badRequest("vhost_or_user_not_found");
  const { user, vhost } = place;
  const isNew = !user.mayOpen(vhost);
  broker.users.permit(user, vhost, permissionOf(body.values));
  return isNew ? CREATED : NO_CONTENT;
}

/** The patterns of a request or an export. @throws {ApiError} 400 */
export function permissionOf(values: Readonly<Record<string, unknown>>): Permission {
  const [configure, write, read] = ["configure", "write", "read"].map((operation) => {
    const pattern = values[operation];
    if (typeof pattern !== "string") throw badRequest(["not_string", pattern]);
    return pattern;
  });
  try {
    return new Permission({ configure: configure!, write: write!, read: read! });
  } catch (error) {
    throw badRequest(["invalid_regexp", (error as Error).message]);
  }
}

/** What each user may do in each virtual host that it may open. */
export function permissionsOf(broker: Broker, users: Iterable<User>) {
  return [...users].flatMap((user) =>
    [...broker.vhosts].flatMap(({ name }) => {
      const permission = user.permissionIn(name);
      if (permission === undefined) return [];
      return [{ user: textOf(user.name), vhost: textOf(name), ...permission.patterns }];
    })
  );
}
