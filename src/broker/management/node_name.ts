import { hostname } from "node:os";

/** What the only node is called: RabbitMQ's names are `rabbit@host`. */
export const NODE_NAME = `worktool@${hostname().split(".")[0]}`;
