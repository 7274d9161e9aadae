// GET on an object.

import { StatusError } from "../../api/door.ts";
import type { CacheEntry } from "../cache/cache-entry.ts";
import type { ApiResponse } from "../exchange.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithEntry } from "../render/respond-object.ts";
import { keyOf } from "../served-resource.ts";
import { parseResourceVersion } from "./list-options.ts";
import { queryBoolean } from "./options.ts";
import type { VerbContext } from "./verb.ts";

export async function get(context: VerbContext): Promise<ApiResponse> {
  const { request, served, info } = context;
  const negotiated = negotiateVerb(context);
  // Gone since Kubernetes 1.14; a client that still asks for it would take the whole object for an exported one.
  if (queryBoolean(request.query, "export"))
    throw StatusError.badRequest("the export parameter, deprecated since v1.14, is no longer supported");
  const { cache } = served;
  const resourceVersion = request.query.get("resourceVersion") ?? "";
  const key = keyOf(served, info.namespace, info.name);
  let entry: CacheEntry | undefined;
  if (resourceVersion === "") {
    const fresh = cache.freshSnapshot({ start: key, end: `${key}\0` }, request.signal);
    const { tree } = fresh instanceof Promise ? await fresh : fresh;
    entry = tree.get(key);
  } else {
    // An old revision is answered with the newest object; only one that has not happened yet is waited for.
    await cache.waitFor(parseResourceVersion(resourceVersion), request.signal);
    entry = cache.get(key);
  }
  if (entry === undefined) throw StatusError.notFound(served.groupResource, info.name);
  return respondWithEntry({ ...context, negotiated, status: 200 }, entry);
}
