// POST on a collection.

import { type ApiObject, StatusError, trackUpdate, viewIn } from "../../api/door.ts";
import { timestamp } from "../../base/timestamp.ts";
import type { ApiResponse } from "../exchange.ts";
import { fieldManagerOf } from "../field-manager.ts";
import { wipeSystemFields } from "../object-rules.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithObject, respondWithStored } from "../render/respond-object.ts";
import { hubObject } from "./hub-object.ts";
import { type MutatingOptions, mutatingOptions } from "./options.ts";
import { dropDuplicateOwners } from "./owner-references.ts";
import { bodyBytesMax, decodeBody, requireBodyFormat } from "./request-object.ts";
import { storeNew } from "./store-new.ts";
import type { VerbContext } from "./verb.ts";
import { withinStorage } from "./within-storage.ts";

export async function create(context: VerbContext): Promise<ApiResponse> {
  const { request, served } = context;
  const negotiated = negotiateVerb(context);
  const { object, options } = await readNewObject(context);
  const answer = { ...context, negotiated, status: 201 };
  if (served.resource.answerCreate !== undefined) return respondWithObject(answer, await ask(context, object));
  dropDuplicateOwners(object, request, { isAdmitted: false });
  const hub = hubObject(context, { object, version: context.version });
  trackNewObject(context, hub, options);
  const stored = await withinStorage(({ tracks }) => {
    if (!tracks) delete hub.metadata.managedFields;
    return storeNew(context, hub, options);
  });
  return respondWithStored(answer, stored);
}

async function readNewObject(context: VerbContext): Promise<{ object: ApiObject; options: MutatingOptions }> {
  const { request } = context;
  const format = requireBodyFormat(request);
  const bytes = await request.readBody(bodyBytesMax);
  const options = mutatingOptions("CreateOptions", request.query);
  const object = decodeBody(context, bytes, { format, fieldValidation: options.fieldValidation });
  wipeSystemFields(object.metadata);
  requireNamespace(context, object);
  return { object, options };
}

/** The namespace of the URL goes into the object; another one in the body is refused. Cluster-scoped objects have none. */
export function requireNamespace({ served, info }: VerbContext, { metadata }: ApiObject): void {
  if (!served.isNamespaced) {
    delete metadata.namespace;
    return;
  }
  const { namespace = "" } = metadata;
  // A path may name an empty namespace; validation then asks for one.
  if (namespace !== "" && info.namespace !== "" && namespace !== info.namespace)
    throw StatusError.badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  metadata.namespace = info.namespace;
}

/** Whoever creates an object owns all that it brought. Managed fields that the client sent keep what is not there. */
export function trackNewObject(
  { request, served, version }: VerbContext,
  hub: ApiObject,
  { fieldManager }: Pick<MutatingOptions, "fieldManager">,
): void {
  // Conversion may lose what the client sent, which then is nobody's.
  const seen = viewIn(served.kind, hub, version);
  const { status: _status, ...withoutStatus } = seen;
  const managedFields = trackUpdate({
    kind: served.kind,
    version,
    live: undefined,
    // A status of its own is wiped or made by the server, whatever the client sent.
    updated: served.resource.status === true ? withoutStatus : seen,
    manager: fieldManagerOf(fieldManager, request),
    subresource: "",
    now: timestamp(served.clock),
  });
  if (managedFields === undefined) delete hub.metadata.managedFields;
  else hub.metadata.managedFields = managedFields;
}

/** Answers a question, which is checked like an object and stored nowhere. */
async function ask(context: VerbContext, object: ApiObject): Promise<ApiObject> {
  const { request, served, info } = context;
  const { resource, kind } = served;
  const hub = hubObject(context, { object, version: context.version });
  const rules = { user: request.user, subresource: "" };
  const errors = resource.validate?.(hub, rules) ?? [];
  if (errors.length > 0) throw StatusError.invalid(kind, hub.metadata.name ?? "", errors);
  const { namespace } = info;
  return (await resource.answerCreate?.(hub, { ...rules, namespace, signal: request.signal })) ?? hub;
}
