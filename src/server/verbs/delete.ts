// DELETE on an object: at once, or marked until its last finalizer is gone.
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion

import { type ApiObject, incrementInt64, type ObjectMeta, type Status, StatusError } from "../../api/door.ts";
import { timestamp } from "../../base/timestamp.ts";
import type { CacheEntry } from "../cache/cache-entry.ts";
import type { ApiResponse } from "../exchange.ts";
import type { Change, Changed } from "../registry.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithStored } from "../render/respond-object.ts";
import { respondWithStatus } from "../render/respond-status.ts";
import { keyOf } from "../served-resource.ts";
import { admissionRequest } from "./admission-request.ts";
import { type DeleteOptions, readDeleteOptions } from "./delete-options.ts";
import type { VerbContext } from "./verb.ts";

export async function deleteObject(context: VerbContext): Promise<ApiResponse> {
  const { request, info } = context;
  const negotiated = negotiateVerb(context);
  const options = await readDeleteOptions(request);
  const { changed, last } = await removeObject(context, info.name, options);
  if (changed.wasRemoved) return respondWithStatus(request, successOf(context, last), negotiated);
  const status = options.orphanDependents === false ? 202 : 200;
  return respondWithStored({ ...context, negotiated, status }, changed);
}

export interface Removal {
  readonly changed: Changed;
  /** The object as it was. */
  readonly last: ApiObject;
}

/** Deletes one object of the request's namespace, or marks it. Throws 404 and, for preconditions that do not hold, 409. */
export async function removeObject(context: VerbContext, name: string, options: DeleteOptions): Promise<Removal> {
  const { request, served, info } = context;
  const { dryRun } = options;
  let last: ApiObject | undefined;
  const changed = await served.registry.update(
    keyOf(served, info.namespace, name),
    async (current): Promise<Change> => {
      if (current === undefined) throw StatusError.notFound(served.groupResource, name);
      last = current.object();
      requirePreconditions(context, last, options);
      const admission = admissionRequest(context, { operation: "DELETE", name, dryRun, oldObject: last });
      await served.admission.mutate(admission);
      await served.admission.validate(admission);
      return markOrRemove(context, current, { last, options });
    },
    { dryRun, signal: request.signal },
  );
  if (last === undefined) throw StatusError.notFound(served.groupResource, name);
  return { changed, last };
}

/** The Status that tells of a delete. Its kind is the resource, as Kubernetes has it here. */
function successOf({ served }: VerbContext, { metadata: { name = "", uid = "" } }: ApiObject): Status {
  const { group, resource } = served.groupResource;
  const details = { name, ...(group === "" ? {} : { group }), kind: resource, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** Unlike other conflicts, these name the kind in their details. */
function requirePreconditions(
  { served: { kind } }: VerbContext,
  { metadata }: ApiObject,
  { uid, resourceVersion }: DeleteOptions,
): void {
  const refuse = (field: string, wanted: string, found: string | undefined, guess: string) =>
    StatusError.conflict(
      { group: kind.group, resource: kind.kind },
      metadata.name ?? "",
      `the ${field} in the precondition (${wanted}) does not match the ${field} in record (${found}). ${guess}`,
    );
  if (uid !== undefined && uid !== metadata.uid)
    throw refuse("UID", uid, metadata.uid, "The object might have been deleted and then recreated");
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw refuse("ResourceVersion", resourceVersion, metadata.resourceVersion, "The object might have been modified");
}

function markOrRemove(
  { served, request }: VerbContext,
  current: CacheEntry,
  { last, options }: { readonly last: ApiObject; readonly options: DeleteOptions },
): Change {
  const { resource, clock } = served;
  const finalizers = finalizersForDelete(last.metadata, options, resource.defaultPropagation);
  if (finalizers.length === 0 && resource.beginDelete === undefined) return { to: "nothing" };
  const object = current.object();
  const outcome = resource.beginDelete?.(object, { user: request.user, subresource: "" }) ?? "remove";
  if (finalizers.length === 0 && outcome === "remove") return { to: "nothing" };
  const { metadata } = object;
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  markAsDeleting(metadata, timestamp(clock));
  return { to: "object", object };
}

/** A second delete changes nothing of an object that is marked already. */
function markAsDeleting(metadata: ObjectMeta, now: string): void {
  const { deletionTimestamp, generation = 0 } = metadata;
  if (deletionTimestamp === undefined && generation > 0) metadata.generation = incrementInt64(generation);
  // Times of this form compare as texts.
  if (deletionTimestamp === undefined || deletionTimestamp > now) metadata.deletionTimestamp = now;
  metadata.deletionGracePeriodSeconds = 0;
}

const orphan = "orphan";
const foreground = "foregroundDeletion";

/** The garbage collector's finalizers as the options ask, or, without a word from them, as they are; all others stay. */
function finalizersForDelete(
  { finalizers: before = [] }: ObjectMeta,
  { orphanDependents, propagationPolicy }: DeleteOptions,
  byDefault: "background" | "orphan" | undefined,
): string[] {
  const isNamed = propagationPolicy !== undefined || orphanDependents !== undefined;
  if (!isNamed && (before.includes(orphan) || before.includes(foreground))) return [...before];
  const after = before.filter((finalizer) => finalizer !== orphan && finalizer !== foreground);
  if (propagationPolicy === "Orphan" || orphanDependents === true || (!isNamed && byDefault === "orphan"))
    after.push(orphan);
  if (propagationPolicy === "Foreground") after.push(foreground);
  const isSame = after.length === before.length && after.every((finalizer) => before.includes(finalizer));
  return isSame ? [...before] : after;
}
