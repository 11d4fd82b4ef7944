import { badRequest } from "../api_error.ts";
import type { HttpAnswer } from "../http_answer.ts";
import { type Change, NO_CONTENT, requiredVHost, type Route } from "../route.ts";
import { readDefinitions } from "./definitions_document.ts";
import { DefinitionsError } from "./definitions_error.ts";
import { exportAll, exportVHost } from "./definitions_export.ts";
import { DefinitionsImport, type ImportOptions } from "./definitions_import.ts";

/** Export and import of what is defined. */
export const DEFINITIONS_ROUTES: readonly Route[] = [
  {
    path: "definitions",
    needs: "administrator",
    get: ({ broker }) => exportAll(broker),
    post: (change) => importInto(change, {}),
  },
  {
    path: "definitions/*",
    needs: "administrator",
    get: ({ broker, names }) => {
      const vhost = broker.vhosts.get(names[0]!);
      if (vhost === undefined) throw badRequest("vhost_not_found");
      return exportVHost(broker, vhost);
    },
    post: (change) => importInto(change, { vhost: requiredVHost(change) }),
  },
];

/** Where something was left out, the answer says so: RabbitMQ has no such answer. */
async function importInto({ broker, body }: Change, options: ImportOptions): Promise<HttpAnswer> {
  const run = new DefinitionsImport(broker, options);
  try {
    await run.run(readDefinitions(body.values));
  } catch (error) {
    throw error instanceof DefinitionsError ? badRequest(error.message) : error;
  }
  const { notImported } = run;
  return notImported.length === 0
    ? NO_CONTENT
    : { status: 200, body: { not_imported: notImported } };
}
