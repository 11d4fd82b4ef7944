import { Permission } from "../access/permission.ts";
import type { Broker } from "../broker.ts";
import type { VHost } from "../model/vhost.ts";
import type { VHostMetadata } from "../model/vhost_metadata.ts";
import { closeConnections } from "./close_connections.ts";
import { vhostFigures } from "./figures_with_rates.ts";
import { NODE_NAME } from "./node_name.ts";
import { type Change, CREATED, NO_CONTENT, NOT_FOUND, type Query, type Route } from "./route.ts";
import { tagsOf } from "./user_input.ts";
import { textOf } from "../wire/octets.ts";

/** Virtual hosts. */
export const VHOST_ROUTES: readonly Route[] = [
  {
    path: "vhosts",
    get: ({ asker, broker }) => asker.vhosts().map((vhost) => vhostView(vhost, broker)),
  },
  {
    path: "vhosts/*",
    needs: "administrator",
    get: ({ broker, names }) => {
      const vhost = broker.vhosts.get(names[0]!);
      return vhost && vhostView(vhost, broker);
    },
    put: putVHost,
    delete: deleteVHost,
  },
];

function vhostView(vhost: VHost, { sampler, release }: Broker) {
  const { description, tags, tracing } = vhost.metadata;
  const metadata = metadataView(vhost, release.name === "3.10");
  return {
    name: textOf(vhost.name),
    description,
    tags,
    default_queue_type: metadata.default_queue_type ?? "undefined",
    metadata,
    tracing,
    cluster_state: { [NODE_NAME]: "running" },
    ...vhostFigures(vhost, sampler),
  };
}

/** What is said of a virtual host; a type of queues only in later releases, or if it is set. */
export function metadataView({ metadata }: VHost, isOld: boolean) {
  const { description, tags, defaultQueueType } = metadata;
  const type = defaultQueueType ?? (isOld ? undefined : "classic");
  return { description, tags, ...(type === undefined ? {} : { default_queue_type: type }) };
}

function putVHost({ broker, asker, names, body }: Change) {
  const name = names[0]!;
  const isNew = broker.vhosts.get(name) === undefined;
  broker.vhosts.put(name, metadataOf(body.values));
  if (!isNew) return NO_CONTENT;
  // As in RabbitMQ, who makes a virtual host may do everything there.
  const all = new Permission({ configure: ".*", write: ".*", read: ".*" });
  if (!asker.user.mayOpen(name)) broker.users.permit(asker.user, name, all);
  return CREATED;
}

/**
 * What a request or an export says of a virtual host: without a word it has no description and no
 * tags.
 * @throws {ApiError} 400
 */
export function metadataOf(values: Readonly<Record<string, unknown>>): Partial<VHostMetadata> {
  const { description = "", tags = [], default_queue_type: type, tracing } = values;
  return {
    description: `${description}`,
    tags: tagsOf(tags),
    ...(type === undefined || type === "undefined" ? {} : { defaultQueueType: `${type}` }),
    ...(tracing === undefined ? {} : { tracing: tracing === true || tracing === "true" }),
  };
}

function deleteVHost({ broker, names }: Query) {
  const vhost = broker.vhosts.get(names[0]!);
  if (vhost === undefined) return NOT_FOUND;
  // Who has no permission any more is no danger, should the broker end here.
  broker.users.forget(vhost.name);
  const reason = `vhost '${vhost.name}' is down`;
  broker.vhosts.delete(
    vhost,
    () => closeConnections(broker, ({ client }) => client.vhost === vhost, reason),
  );
  return NO_CONTENT;
}
