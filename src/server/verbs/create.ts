// POST on a collection.

import { type ApiObject, StatusError, toHub, trackUpdate } from "../../api/door.ts";
import type { AdmissionRequest } from "../admission/admission.ts";
import type { ApiResponse } from "../exchange.ts";
import { fieldManagerOf } from "../field-manager.ts";
import { prepareNewObject, timestamp } from "../object-rules.ts";
import type { Stored } from "../registry.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithObject, respondWithStored } from "../render/respond-object.ts";
import { keyOf } from "../served-resource.ts";
import { mutatingOptions } from "./options.ts";
import { readRequestObject } from "./request-object.ts";
import type { VerbContext } from "./verb.ts";

/** A generated name that is taken is made anew so often. */
const generateAttemptsMax = 8;

export async function create(context: VerbContext): Promise<ApiResponse> {
  const { request, served } = context;
  if (served.resource.answerCreate !== undefined) return ask(context);
  const negotiated = negotiateVerb(request);
  const options = mutatingOptions("CreateOptions", request.query);
  const { versioned } = await readRequestObject(context, options.fieldValidation);
  requireNamespace(context, versioned);
  const manager = fieldManagerOf(options.fieldManager, request);
  delete versioned.metadata.managedFields;
  const tracked = trackUpdate({
    kind: served.kind,
    version: context.version,
    live: undefined,
    updated: versioned,
    manager,
    subresource: "",
    now: timestamp(served.clock),
  });
  const stored = await storeNew(context, tracked, options);
  return respondWithStored({ ...context, negotiated, status: 201 }, stored);
}

/** POST of a question, which is answered and not stored. */
async function ask(context: VerbContext): Promise<ApiResponse> {
  const { request, served, info } = context;
  const negotiated = negotiateVerb(request);
  const options = mutatingOptions("CreateOptions", request.query);
  const { hub } = await readRequestObject(context, options.fieldValidation);
  const { resource, kind } = served;
  const errors = resource.validate?.(hub, { user: request.user, subresource: "" }) ?? [];
  if (errors.length > 0) throw StatusError.invalid(kind, hub.metadata.name ?? "", errors);
  const answer = await resource.answerCreate?.(hub, {
    user: request.user,
    subresource: "",
    namespace: info.namespace,
    signal: request.signal,
  });
  return respondWithObject({ ...context, negotiated, status: 201 }, answer ?? hub);
}

/** The namespace of the URL goes into the object; another one in the body is refused. */
export function requireNamespace({ served, info }: VerbContext, object: ApiObject): void {
  if (!served.isNamespaced) return;
  const { namespace = "" } = object.metadata;
  if (namespace !== "" && namespace !== info.namespace)
    throw StatusError.badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  object.metadata.namespace = info.namespace;
}

/** Stores a new object, given in the request's version and in its owner's hands already: the end of a POST, and of an apply of what is not there. */
export async function storeNew(
  context: VerbContext,
  versioned: ApiObject,
  { dryRun, checksResourceVersion = true }: { readonly dryRun: boolean; readonly checksResourceVersion?: boolean },
): Promise<Stored> {
  const { request, served, info } = context;
  const { kind, resource } = served;
  const { signal, user } = request;
  const hub = toHub(kind, versioned, context.version);
  const admission = createRequest(context, hub, dryRun);
  await served.admission.mutate(admission);
  const wantsGenerated = (hub.metadata.name ?? "") === "" && (hub.metadata.generateName ?? "") !== "";
  for (let attempt = 1; ; attempt++) {
    if (wantsGenerated) delete hub.metadata.name;
    prepareNewObject(resource, hub, { user, subresource: "", clock: served.clock });
    await served.admission.validate({ ...admission, name: hub.metadata.name ?? "" });
    if (attempt === 1) request.warnings.push(...(resource.warnings?.(hub, { user, subresource: "" }) ?? []));
    if (checksResourceVersion) requireNoResourceVersion(hub);
    else delete hub.metadata.resourceVersion;
    try {
      return await served.registry.create(keyOf(served, info.namespace, hub.metadata.name ?? ""), hub, {
        dryRun,
        signal,
      });
    } catch (error) {
      const isTaken =
        error instanceof StatusError && error.reason === "AlreadyExists" && (hub.metadata.generateName ?? "") !== "";
      if (!isTaken) throw error;
      if (!wantsGenerated || attempt >= generateAttemptsMax) throw notUnique(error);
    }
  }
}

function createRequest({ request, served, info }: VerbContext, object: ApiObject, dryRun: boolean): AdmissionRequest {
  return {
    operation: "CREATE",
    kind: served.kind,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: object.metadata.name ?? "",
    user: request.user,
    dryRun,
    object,
    oldObject: undefined,
    signal: request.signal,
    warn: (text) => request.warnings.push(text),
  };
}

function requireNoResourceVersion({ metadata: { resourceVersion = "" } }: ApiObject): void {
  if (resourceVersion !== "" && resourceVersion !== "0")
    throw StatusError.badRequest("resourceVersion should not be set on objects to be created");
}

function notUnique(error: StatusError): StatusError {
  return new StatusError(
    "AlreadyExists",
    `${error.message}, the server was not able to generate a unique name for the object`,
    { details: { ...error.details, retryAfterSeconds: 1 } },
  );
}
