// PUT on an object.

import { type ApiObject, fromHub, StatusError, toHub, trackUpdate } from "../../api/door.ts";
import type { AdmissionRequest } from "../admission/admission.ts";
import type { ApiResponse } from "../exchange.ts";
import { fieldManagerOf } from "../field-manager.ts";
import { prepareChangedObject, timestamp } from "../object-rules.ts";
import type { Change } from "../registry.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithStored } from "../render/respond-object.ts";
import { keyOf } from "../served-resource.ts";
import { requireNamespace, storeNew } from "./create.ts";
import { mutatingOptions } from "./options.ts";
import { readRequestObject } from "./request-object.ts";
import type { VerbContext } from "./verb.ts";

export async function update(context: VerbContext): Promise<ApiResponse> {
  const { request, served, info } = context;
  const negotiated = negotiateVerb(request);
  const options = mutatingOptions("UpdateOptions", request.query);
  const { versioned } = await readRequestObject(context, options.fieldValidation);
  requireName(versioned, info.name);
  requireNamespace(context, versioned);
  const manager = fieldManagerOf(options.fieldManager, request);
  const track = (live: ApiObject | undefined) =>
    trackUpdate({
      kind: served.kind,
      version: context.version,
      live,
      updated: structuredClone(versioned),
      manager,
      subresource: info.subresource,
      now: timestamp(served.clock),
    });
  const key = keyOf(served, info.namespace, info.name);
  const { dryRun } = options;
  if (served.resource.allowCreateOnUpdate === true && served.cache.get(key) === undefined && info.subresource === "") {
    const stored = await storeNew(context, track(undefined), { dryRun });
    return respondWithStored({ ...context, negotiated, status: 201 }, stored);
  }
  const stored = await served.registry.update(
    key,
    async (current) => {
      if (current === undefined) throw StatusError.notFound(served.groupResource, info.name);
      const live = current.object();
      requirePreconditions(context, versioned, live);
      const updated = track(fromHub(served.kind, live, context.version));
      return changeObject(context, { live, updated, dryRun });
    },
    { dryRun, signal: request.signal },
  );
  return respondWithStored({ ...context, negotiated, status: 200 }, stored);
}

/** The name of the URL goes into the object; another one in the body is refused. */
export function requireName({ metadata }: ApiObject, name: string): void {
  if ((metadata.name ?? "") === "") throw StatusError.badRequest("name must be provided");
  if (metadata.name !== name)
    throw StatusError.badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
}

/** What a client says of the object that it means to change: its uid, then its resourceVersion. */
export function requirePreconditions({ served, info }: VerbContext, wanted: ApiObject, live: ApiObject): void {
  const { uid = "", resourceVersion = "" } = wanted.metadata;
  if (uid !== "" && uid !== live.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid ?? ""}`;
    throw StatusError.conflict(served.groupResource, info.name, why);
  }
  if (resourceVersion === "" || resourceVersion === "0") return;
  if (!/^\d+$/.test(resourceVersion)) {
    const fault = `Invalid value: ${JSON.stringify(resourceVersion)}: strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`;
    throw StatusError.invalid(served.kind, info.name, [
      { reason: "FieldValueInvalid", field: "metadata.resourceVersion", message: fault },
    ]);
  }
  if (BigInt(resourceVersion) !== BigInt(live.metadata.resourceVersion ?? "0"))
    throw StatusError.conflict(
      served.groupResource,
      info.name,
      "the object has been modified; please apply your changes to the latest version and try again",
    );
}

interface ObjectChange {
  /** As it is, in the hub's shape. */
  readonly live: ApiObject;
  /** As it shall be, in the request's version, its managed fields worked out. */
  readonly updated: ApiObject;
  readonly dryRun: boolean;
}

/** The end of every change of an object: admission, rules, and the removal of what waited for its last finalizer. */
export async function changeObject(context: VerbContext, { live, updated, dryRun }: ObjectChange): Promise<Change> {
  const { request, served } = context;
  const { user } = request;
  const hub = toHub(served.kind, updated, context.version);
  const rules = { user, subresource: context.info.subresource, old: live };
  keepOtherHalf(context, hub, live);
  const admission = updateRequest(context, { object: hub, oldObject: live, dryRun });
  await served.admission.mutate(admission);
  prepareChangedObject(served.resource, hub, rules);
  await served.admission.validate(admission);
  request.warnings.push(...(served.resource.warnings?.(hub, rules) ?? []));
  if (isDone(hub, live, served)) return { to: "nothing", answer: hub };
  return { to: "object", object: hub };
}

/** Main writes keep the status, writes of the status keep everything else. */
function keepOtherHalf({ served, info }: VerbContext, hub: ApiObject, live: ApiObject): void {
  if (served.resource.status !== true) return;
  if (info.subresource !== "status") {
    if (live.status === undefined) delete hub.status;
    else hub.status = live.status;
    return;
  }
  const { status } = hub;
  for (const field of Object.keys(hub)) if (field !== "metadata" && field !== "status") delete hub[field];
  const { metadata: _metadata, status: _status, ...rest } = live;
  Object.assign(hub, structuredClone(rest), status === undefined ? {} : { status });
  const { managedFields, resourceVersion, uid } = hub.metadata;
  hub.metadata = {
    ...structuredClone(live.metadata),
    ...(managedFields === undefined ? {} : { managedFields }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  };
}

function updateRequest(
  { request, served, info }: VerbContext,
  objects: { readonly object: ApiObject; readonly oldObject: ApiObject; readonly dryRun: boolean },
): AdmissionRequest {
  return {
    operation: "UPDATE",
    kind: served.kind,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    user: request.user,
    signal: request.signal,
    warn: (text) => request.warnings.push(text),
    ...objects,
  };
}

/** Whether the last finalizer of an object that was to be deleted is gone. */
function isDone({ metadata }: ApiObject, live: ApiObject, { resource }: VerbContext["served"]): boolean {
  if (live.metadata.deletionTimestamp === undefined || (metadata.finalizers ?? []).length > 0) return false;
  return resource.isDeletable?.(live) ?? true;
}
