// Subresources that speak for themselves, such as a log or a proxy.

import { StatusError } from "../../api/door.ts";
import { getOwn } from "../../base/own.ts";
import type { ApiResponse } from "../exchange.ts";
import { keyOf } from "../served-resource.ts";
import { admissionRequest } from "./admission-request.ts";
import type { VerbContext } from "./verb.ts";

export async function connect(context: VerbContext): Promise<ApiResponse> {
  const { request, served, info } = context;
  const { resource, cache, admission } = served;
  const subresource = getOwn(resource.connect ?? {}, info.subresource);
  if (subresource === undefined) throw StatusError.resourceNotFound();
  const connecting = admissionRequest(context, { operation: "CONNECT", name: info.name, dryRun: false });
  await admission.mutate(connecting);
  await admission.validate(connecting);
  await cache.waitFresh(request.signal);
  const entry = cache.get(keyOf(served, info.namespace, info.name));
  if (entry === undefined) throw StatusError.notFound(served.groupResource, info.name);
  return subresource.connect(request, entry.object());
}
