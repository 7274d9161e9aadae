// The object that a subresource speaks of.

import { type ApiObject, StatusError } from "../../api/door.ts";
import { keyOf } from "../served-resource.ts";
import type { VerbContext } from "./verb.ts";

/** The object of the request as new as this call, in the hub's shape. Throws 404. */
export async function freshObject({ request, served, info }: VerbContext): Promise<ApiObject> {
  const key = keyOf(served, info.namespace, info.name);
  const { tree } = await served.cache.freshSnapshot({ start: key, end: `${key}\0` }, request.signal);
  const entry = tree.get(key);
  if (entry === undefined) throw StatusError.notFound(served.groupResource, info.name);
  return entry.object();
}
