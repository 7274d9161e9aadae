// The end of everything that changes an object: a PUT, a patch, an apply, on the object or on its status.

import { type ApiObject, copyMeta, fieldError, StatusError, trackUpdate, viewIn } from "../../api/door.ts";
import { setOwn } from "../../base/own.ts";
import { timestamp } from "../../base/timestamp.ts";
import { prepareChangedObject } from "../object-rules.ts";
import type { Change } from "../registry.ts";
import { admissionRequest } from "./admission-request.ts";
import { dropDuplicateOwners } from "./owner-references.ts";
import type { VerbContext } from "./verb.ts";

interface ObjectChange {
  /** As it is, in the hub's shape. */
  readonly live: ApiObject;
  /** As it shall be, in the hub's shape. Changed in place. */
  readonly object: ApiObject;
  readonly dryRun: boolean;
}

/** Lets admission and the rules have their say, and removes what waited for its last finalizer. */
export async function changeObject(context: VerbContext, { live, object, dryRun }: ObjectChange): Promise<Change> {
  const { request, served, info } = context;
  const { name, subresource } = info;
  const admission = admissionRequest(context, { operation: "UPDATE", name, dryRun, object, oldObject: live });
  await served.admission.mutate(admission);
  dropDuplicateOwners(object, request, { isAdmitted: true });
  requireResourceVersion(context, object, live);
  keepOtherHalf(context, object, live);
  const rules = { user: request.user, subresource, old: live };
  prepareChangedObject(served.resource, object, rules);
  const warnings = served.resource.warnings?.(object, rules);
  if (warnings !== undefined) request.warnings.push(...warnings);
  await served.admission.validate(admission);
  return isDone(context, object, live) ? { to: "nothing", answer: object } : { to: "object", object };
}

/** Works out who owns what after a change that is no apply. `object` is in the hub's shape and gets the managed fields. */
export function trackChange(
  context: VerbContext,
  { live, object, manager }: { readonly live: ApiObject; readonly object: ApiObject; readonly manager: string },
): void {
  const { served, info, version } = context;
  keepOtherHalf(context, object, live);
  const managedFields = trackUpdate({
    kind: served.kind,
    version,
    live: viewIn(served.kind, live, version),
    updated: viewIn(served.kind, object, version),
    manager,
    subresource: info.subresource,
    now: timestamp(served.clock),
  });
  if (managedFields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = managedFields;
}

/** A uid that the client names must be the object's. */
export function requireUid({ served, info }: VerbContext, wanted: ApiObject, live: ApiObject | undefined): void {
  const { uid = "" } = wanted.metadata;
  if (uid === "" || uid === live?.metadata.uid) return;
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live?.metadata.uid ?? ""}`;
  throw StatusError.conflict(served.groupResource, info.name, why);
}

/** The resourceVersion that the client read must be the newest. None, or 0, is only good where a resource takes it so. */
function requireResourceVersion({ served, info }: VerbContext, { metadata }: ApiObject, live: ApiObject): void {
  const { resourceVersion = "" } = metadata;
  const current = live.metadata.resourceVersion ?? "0";
  const wanted = parseUnsigned(resourceVersion === "" ? "0" : resourceVersion);
  const refuse = (kind: string, value: unknown, why: string) => {
    const error = fieldError.invalid("metadata.resourceVersion", value, why);
    return StatusError.invalid({ group: served.kind.group, kind }, info.name, [error]);
  };
  if (wanted === undefined) throw refuse(served.kind.kind, resourceVersion, "must be an unsigned integer");
  const isUnconditional = wanted === 0n && served.resource.allowUnconditionalUpdate === true;
  if (wanted === 0n && !isUnconditional)
    throw refuse(served.groupResource.resource, 0, "must be specified for an update");
  if (!isUnconditional && wanted !== BigInt(current)) {
    const why = "the object has been modified; please apply your changes to the latest version and try again";
    throw StatusError.conflict(served.groupResource, info.name, why);
  }
  metadata.resourceVersion = current;
}

/** Throws 422 for a resourceVersion that is none, where an object is made by what would have changed it. */
export function requireReadableVersion({ served, info }: VerbContext, { metadata }: ApiObject): void {
  const { resourceVersion = "" } = metadata;
  if (resourceVersion === "" || parseUnsigned(resourceVersion) !== undefined) return;
  const error = fieldError.invalid("metadata.resourceVersion", resourceVersion, "must be an unsigned integer");
  throw StatusError.invalid(served.kind, info.name, [error]);
}

/** Of 64 bits; undefined for other texts. */
function parseUnsigned(text: string): bigint | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < 2n ** 64n ? value : undefined;
}

/** Main writes keep the status, writes of the status keep everything else. Nothing is shared: rules may change the object in place. */
function keepOtherHalf({ served, info }: VerbContext, object: ApiObject, live: ApiObject): void {
  if (served.resource.status !== true) return;
  if (info.subresource === "status") keepAllButStatus(object, live);
  else if (live.status === undefined) delete object.status;
  else object.status = structuredClone(live.status);
}

function keepAllButStatus(object: ApiObject, live: ApiObject): void {
  for (const field of Object.keys(object)) if (!ofStatus.has(field)) delete object[field];
  for (const [field, value] of Object.entries(live))
    if (!ofStatus.has(field)) setOwn(object, field, structuredClone(value));
  const { managedFields, resourceVersion } = object.metadata;
  object.metadata = copyMeta(live.metadata);
  if (managedFields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = managedFields;
  if (resourceVersion === undefined) delete object.metadata.resourceVersion;
  else object.metadata.resourceVersion = resourceVersion;
}

const ofStatus: ReadonlySet<string> = new Set(["metadata", "status"]);

/** Whether the last finalizer of an object that was to be deleted is gone. */
function isDone({ served }: VerbContext, object: ApiObject, live: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = live.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0) return false;
  if ((object.metadata.finalizers ?? []).length > 0) return false;
  return served.resource.isDeletable?.(object) ?? true;
}
