// Subresources that speak for themselves, such as a log or a proxy.

import { StatusError } from "../../api/door.ts";
import { getOwn } from "../../base/own.ts";
import type { ApiResponse } from "../exchange.ts";
import { admissionRequest } from "./admission-request.ts";
import { freshObject } from "./fresh-object.ts";
import type { VerbContext } from "./verb.ts";

/** Hands the request to the subresource, with the object that it speaks of. */
export async function connect(context: VerbContext): Promise<ApiResponse> {
  const { request, served, info } = context;
  const subresource = getOwn(served.resource.connect ?? {}, info.subresource);
  if (subresource === undefined) throw StatusError.resourceNotFound();
  const connecting = admissionRequest(context, { operation: "CONNECT", name: info.name, dryRun: false });
  await served.admission.mutate(connecting);
  await served.admission.validate(connecting);
  return subresource.connect(request, await freshObject(context));
}
