// GET on an object.

import { StatusError } from "../../api/door.ts";
import type { ApiResponse } from "../exchange.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithEntry } from "../render/respond-object.ts";
import { keyOf } from "../served-resource.ts";
import { parseResourceVersion } from "./list-options.ts";
import type { VerbContext } from "./verb.ts";

export async function get(context: VerbContext): Promise<ApiResponse> {
  const { request, served, info } = context;
  const negotiated = negotiateVerb(request);
  const { cache } = served;
  const resourceVersion = request.query.get("resourceVersion") ?? "";
  if (resourceVersion === "") {
    const fresh = cache.waitFresh(request.signal);
    if (fresh !== undefined) await fresh;
  } else {
    // An old revision is answered with the newest object; only one that has not happened yet is waited for.
    await cache.waitFor(parseResourceVersion(resourceVersion), request.signal);
  }
  const entry = cache.get(keyOf(served, info.namespace, info.name));
  if (entry === undefined) throw StatusError.notFound(served.groupResource, info.name);
  return respondWithEntry({ ...context, negotiated, status: 200 }, entry);
}
